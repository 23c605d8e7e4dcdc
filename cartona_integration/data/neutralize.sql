-- A copy of the database must neither call Cartona nor keep its secrets, among them the codes of
-- retailers and drivers.
UPDATE cartona_config
   SET auth_token = NULL,
       webhook_token = NULL,
       auto_sync_products = false,
       auto_sync_stock = false,
       auto_sync_orders = false,
       connection_state = 'untested',
       database_identity = NULL;
UPDATE cartona_delivery_proof SET code = NULL;
UPDATE cartona_delivery_otp_line SET code = NULL;
UPDATE sale_order SET cartona_pickup_otp = NULL WHERE cartona_pickup_otp IS NOT NULL;
-- Of messages, only the values of the keys in `redact.DOCUMENTED_KEYS` are kept: the names, numbers
-- and codes of people are not among them.
CREATE OR REPLACE FUNCTION pg_temp.cartona_documented(data jsonb, is_shown boolean)
RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    CASE jsonb_typeof(data)
    WHEN 'object' THEN
        RETURN COALESCE((
            SELECT jsonb_object_agg(
                CASE WHEN key ~ '^[A-Za-z_][A-Za-z0-9_.-]{0,60}$' THEN key ELSE '***' END,
                pg_temp.cartona_documented(
                    value, regexp_replace(lower(key), '[^a-z0-9]', '', 'g') = ANY('{
                        amount, appliedcartonadiscount, appliedsupplierdiscount,
                        appliedsupplierrebate, availablestockquantity, backmargin,
                        baseproductid, baseproductname, cancellationreason, cancelled,
                        cartonacredit, createdat, deliveredby, deliveryday,
                        distributionroutecode, editedbyadmin, estimateddeliveryday, from,
                        frontmargin, hashedid, id, imagethumbnail, installmentcost, instock,
                        internalproductid, internalsuppliercode, isbundle, ispublished,
                        isunlimitedstock, limit, maxorder, medianprice, minorder, orderid, page,
                        perpage, pickupdate, price, productname, receiptid, remindmeatstock,
                        retailercode, retailerpreferreddeliverydate, searchtoken, sellingprice,
                        soldamount, status, supplerprodcutid, supplerprodcutname, suppliercode,
                        supplierproductid, supplierproductname, taxpercentage, to, totalprice,
                        unit, unitcount, wallettopup
                    }'::text[])
                )
            ) FROM jsonb_each(data)
        ), '{}');
    WHEN 'array' THEN
        RETURN COALESCE((
            SELECT jsonb_agg(pg_temp.cartona_documented(value, is_shown) ORDER BY position)
              FROM jsonb_array_elements(data) WITH ORDINALITY AS list (value, position)
        ), '[]');
    WHEN 'string' THEN
        -- A text may contain JSON itself.
        RETURN CASE WHEN data = '""' OR (is_shown AND data #>> '{}' !~ '^\s*[[{]') THEN data
                    ELSE '"***"' END;
    WHEN 'number' THEN
        RETURN CASE WHEN is_shown THEN data ELSE '"***"' END;
    ELSE
        RETURN data;
    END CASE;
END $$;
CREATE OR REPLACE FUNCTION pg_temp.cartona_documented(payload text) RETURNS text LANGUAGE plpgsql
AS $$
BEGIN
    RETURN pg_temp.cartona_documented(payload::jsonb, true)::text;
EXCEPTION WHEN OTHERS THEN
    RETURN '{}';  -- JSON that PostgreSQL cannot read
END $$;
UPDATE cartona_message
   SET payload = pg_temp.cartona_documented(payload),
       retailer_name = CASE WHEN retailer_name > '' THEN '***' END;
UPDATE cartona_sync_log SET request_body = NULL, response_body = NULL;
