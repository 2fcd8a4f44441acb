-- Claim the next job that is due, or whose lease ran out, for a worker: one row, or none if there is nothing to do.
-- Grain: one job. Cost: two index look-ups (job_queue_idx, job_lease_idx) whatever the size of the table.
-- Races: SKIP LOCKED gives any number of workers different jobs; the attempt number grows with each claim, and a worker that
-- was thought dead can no longer write under its old one. Only jobs whose name is among `names`, or, where these are not wanted,
-- is not among them. A job without tries left is not claimed; end_hopeless_jobs.sql ends it.
WITH orphaned AS (
    SELECT id FROM jobs_job
    WHERE state = 'running' AND lease_until < clock_timestamp() AND attempt < max_attempts AND NOT is_cancel_requested
        AND (name = ANY(%(names)s)) = %(are_wanted)s
    ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED
), waiting AS (
    SELECT id FROM jobs_job
    WHERE state = 'queued' AND run_after <= clock_timestamp() AND (name = ANY(%(names)s)) = %(are_wanted)s
    ORDER BY run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE jobs_job AS job
SET state = 'running',
    attempt = job.attempt + 1,
    worker = %(worker)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
    started_at = clock_timestamp(),
    finished_at = NULL,
    progress_done = 0,
    progress_total = 0,
    message = ''
WHERE job.id = COALESCE((SELECT id FROM orphaned), (SELECT id FROM waiting))
RETURNING job.id
