DROP FUNCTION delinquency_as_of(date, timestamptz, bigint[]);
DROP FUNCTION figures_by_plan(date, timestamptz, bigint[]);
DROP TRIGGER schedule_plans_are_kept ON borrowers_instalment;
DROP FUNCTION keep_schedule_plans();
DROP FUNCTION make_emptied_plans();
