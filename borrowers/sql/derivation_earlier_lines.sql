-- The instalments of the schedule version before the one in force, of loans that have two or more.
--
-- Grain    one row per instalment; clocks as in derivation_lines.sql.
-- Cost     two index range reads per loan.

SELECT
    earlier.loan_id, 'instalment' AS kind, instalment.id AS entry_id, instalment.number::integer AS number, '' AS label,
    instalment.due_on, earlier.booked_at, instalment.principal_amount, instalment.interest_amount,
    instalment.fee_amount, 0::numeric AS paid_amount
FROM (
    SELECT
        schedule.id, schedule.loan_id, schedule.booked_at,
        row_number() OVER (PARTITION BY schedule.loan_id ORDER BY schedule.version DESC) AS place
    FROM borrowers_scheduleversion AS schedule
    WHERE schedule.loan_id = ANY (%(loans)s) AND schedule.effective_on <= %(day)s AND schedule.booked_at <= %(known)s
) AS earlier
JOIN borrowers_instalment AS instalment ON instalment.schedule_id = earlier.id
WHERE earlier.place = 2
ORDER BY earlier.loan_id, instalment.due_on, instalment.number
