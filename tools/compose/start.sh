#!/bin/sh
# What docker-compose.yml runs in Odoo's container: install and connect once, then serve.
set -eu

pip3 install --quiet --no-deps --target /opt/queue \
    "odoo-addon-queue-job==$SERIES.*" openupgradelib phonenumbers rapidfuzz
export PYTHONPATH=/opt/queue

# Up to 18.0 there is no module `rpc`.
case $SERIES in
    1[5-8].0) wide=base,web,queue_job ;;
    *) wide=base,rpc,web,queue_job ;;
esac
options="--db_host postgres --db_user odoo --db_password odoo --database cartona
    --addons-path /mnt/extra-addons,/opt/queue/odoo/addons"

mark=/var/lib/odoo/cartona-is-connected
if [ ! -e "$mark" ]; then
    # shellcheck disable=SC2086 # several words
    odoo $options --init cartona_integration --stop-after-init
    # shellcheck disable=SC2086
    odoo shell $options --no-http < "$COMPOSE_SCRIPTS/connect.py" | tee /tmp/connected
    # The shell ends well whatever happened in it.
    grep -q '^connected' /tmp/connected
    touch "$mark"
fi

# shellcheck disable=SC2086
exec odoo $options --load "$wide" --workers 2
