-- End the jobs whose worker is gone and that are not to be tried again: their tries are used up, or somebody cancelled them.
-- Grain: one row per job ended. Cost: one look-up in job_lease_idx. Races: SKIP LOCKED leaves a row that a worker is writing.
UPDATE jobs_job AS job
SET state = CASE WHEN job.is_cancel_requested THEN 'cancelled' ELSE 'dead' END,
    error = CASE WHEN job.is_cancel_requested THEN job.error ELSE 'The worker ' || job.worker || ' is gone.' END,
    lease_until = NULL,
    finished_at = clock_timestamp()
WHERE job.id IN (
    SELECT id FROM jobs_job
    WHERE state = 'running' AND lease_until < clock_timestamp() AND (attempt >= max_attempts OR is_cancel_requested)
    FOR UPDATE SKIP LOCKED
)
RETURNING job.id
