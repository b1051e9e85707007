-- What is judged over several payments of a player.

-- What a player's other payouts since then come to, in minor units: all but those that ended
-- without payment. A payout is committed before it is screened, so that of any that are opened at
-- the same instant the last one to commit sees all others.
CREATE OR REPLACE FUNCTION risk_other_payouts(
    the_brand text, the_player text, the_currency text, the_payment text, since interval
) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments
    WHERE kind = 'payout' AND brand = the_brand AND player_id = the_player
      AND currency = the_currency AND id <> the_payment AND created_at > now() - since
      AND (NOT final OR status = 'PAYOUT_SETTLED');
$$;
