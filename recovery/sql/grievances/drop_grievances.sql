DROP TRIGGER answers_lift_holds ON recovery_grievanceanswer;
DROP FUNCTION lift_on_answer();
DROP TRIGGER disputes_hold ON recovery_grievance;
DROP FUNCTION hold_on_grievance();
DROP TRIGGER grievances_are_dated ON recovery_grievance;
DROP FUNCTION date_grievance();
DROP FUNCTION answer_due_on(text, text, date);
