-- The rules that the product comes with; thresholds that somebody changed stay.
INSERT INTO recovery_alertrule (name, title, threshold, unit, is_on, is_of_models)
VALUES
    ('promises_broken', 'Many promises are broken', 40, '%', true, false),
    ('contact_blocks_rising', 'More contacts are refused by the rules', 50, '%', true, false),
    ('answers_overdue', 'Answers to disputes or complaints are overdue', 0, '', true, false),
    ('answers_due', 'Answers to disputes or complaints are due', 0, '', true, false),
    ('plans_broken', 'Payment plans are broken', 5, '', true, false),
    ('messages_unknown', 'Messages of which nobody knows whether they went out', 0, '', true, false),
    ('work_not_covered', 'The lists do not cover the work', 20, '%', true, false),
    ('roll_rate_jump', 'More loans roll on to 31 days and more', 5, 'points', true, false),
    ('day_not_closed', 'Days are not closed in time', 0, 'days', true, false),
    ('scores_stale', 'Scores are out of date', 25, '%', true, false),
    ('models_alarm', 'A live model has to be acted on', 0, 'alarms', true, true)
ON CONFLICT (name) DO NOTHING
