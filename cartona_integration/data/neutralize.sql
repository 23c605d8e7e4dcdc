-- A copy of the database must neither talk to the marketplace nor keep its secrets.
UPDATE cartona_config
   SET auth_token = NULL,
       webhook_token = NULL,
       auto_sync_products = false,
       auto_sync_stock = false,
       auto_sync_orders = false,
       connection_state = 'untested';
