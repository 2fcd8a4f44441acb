-- An instalment belongs to the loan of its schedule: one foreign key in place of two and of the trigger that compared them.
--
-- Cost     one lookup per new row. Not deferrable, so that what is wrong is told by the statement that brings it.

DROP TRIGGER instalments_are_checked ON borrowers_instalment;
DROP FUNCTION check_instalments();

ALTER TABLE borrowers_instalment ADD CONSTRAINT instalment_is_of_the_loan_of_its_schedule
    FOREIGN KEY (schedule_id, loan_id) REFERENCES borrowers_scheduleversion (id, loan_id);
