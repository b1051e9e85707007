-- Types of webhooks that told us nothing, by day: known ones are passed over, others are news.

CREATE TABLE webhook_types (
    psp   text NOT NULL,
    day   date NOT NULL,
    type  text NOT NULL,
    known boolean NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (psp, day, type, known)
);
