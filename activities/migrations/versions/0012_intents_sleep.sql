-- Until when an intent may have no run: nobody has to have gone ahead with it before. Of payments whose
-- run begins with them it is NULL.
ALTER TABLE payments ADD COLUMN expires_at timestamptz;
