DROP TRIGGER steps_are_not_emptied ON borrowers_closingstep;
DROP TRIGGER ended_steps_stay ON borrowers_closingstep;
DROP TRIGGER closes_are_not_emptied ON borrowers_dayclose;
DROP TRIGGER closed_days_stay ON borrowers_dayclose;
DROP TRIGGER imports_are_not_emptied ON borrowers_importrun;
DROP TRIGGER published_imports_stay ON borrowers_importrun;
