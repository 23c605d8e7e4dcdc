-- A copy of the database must neither call Cartona nor keep its secrets, among them the codes of
-- retailers and drivers.
UPDATE cartona_config
   SET auth_token = NULL,
       webhook_token = NULL,
       auto_sync_products = false,
       auto_sync_stock = false,
       auto_sync_orders = false,
       connection_state = 'untested';
UPDATE cartona_delivery_proof SET code = NULL;
UPDATE cartona_delivery_otp_line SET code = NULL;
UPDATE sale_order SET cartona_pickup_otp = NULL WHERE cartona_pickup_otp IS NOT NULL;
UPDATE cartona_message
   SET payload = regexp_replace(
           payload, '"([\w-]*otp[\w-]*)"\s*:\s*("(?:[^"\\]|\\.)*"|[^][{}",\s]+)', '"\1": null', 'gi'
       )
 WHERE payload ~* 'otp';
-- A code that is neither text nor a number is not sent by Cartona: the whole message is cleared.
UPDATE cartona_message SET payload = '{}' WHERE payload ~* '"[\w-]*otp[\w-]*"\s*:\s*[[{]';
