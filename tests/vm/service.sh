#!/bin/sh
# The packages under a real systemd: installed, started, reloaded, restarted under load, killed, upgraded and purged. Runs in the
# machine of tools/vm, where tools/vm-test has put the packages into /mnt/deb and those of the next version into /mnt/next.
set -eu
. /mnt/lib.sh
config=/etc/tidings/tidings.yaml
listeners=

is_active() { [ "$(property ActiveState)" = active ]; }
is_another() { [ "$(main_pid)" != "$1" ] && is_ready; }
token() { tidings token -c "$config" --user "$1"; }
publish() { TIDINGS_API_KEY=a-key-of-the-test tidings publish --user "$1" "$2"; }

is_heard() { publish "$1" '"hello"' | grep -qx "ws:$1 1"; }
# listens USER [URL OPTION...]: a client in the background; what it hears is in $work/USER, how it ended in $work/USER.end.
listens() {
    listener=$1
    shift
    [ $# -gt 0 ] || set -- ws://127.0.0.1:8080/ws
    { tidings listen "$@" --token "$(token "$listener")" >"$work/$listener" 2>"$work/$listener.end" || true; } &
    listeners="$listeners $!"
    await "$listener is connected" is_heard "$listener"
}
hears() {
    publish "$1" "\"$2\"" >/dev/null || die "publish to $1"
    await "$1 hears $2" grep -q "$2" "$work/$1"
}
was_closed() { await "$1 is sent away" grep -q 'closed with 1012' "$work/$1.end"; }

installs() {
    say "installed, it is enabled, runs, and is ready when apt is done"
    apt-get install -q -y --no-install-recommends /mnt/deb/*.deb >"$work/apt" 2>&1 || { cat "$work/apt"; die "apt"; }
    must_be_ready "after apt"
    [ "$(systemctl is-enabled tidings.service)" = enabled ] || die "not enabled"
    [ "$(property Type) $(property ActiveState) $(property NRestarts)" = 'notify active 0' ] || die "not active"
    systemctl status tidings.service >"$work/status"
    grep -q 'Status: "serving' "$work/status" || { cat "$work/status"; die "it does not say what it does"; }
    # Keys to publish with, and a short drain.
    echo '["a-key-of-the-test"]' >/etc/tidings/api-keys
    chgrp tidings /etc/tidings/api-keys
    chmod 0640 /etc/tidings/api-keys
    cat >>"$config" <<'END'
api: {keys_file: /etc/tidings/api-keys}
drain_seconds: 1
endpoints:
  - {name: huleedu, attempts_per_minute: 0}
END
    tidings check -c "$config" >/dev/null || die "the test's own configuration"
    for _ in 1 2 3; do
        systemctl restart tidings.service
        must_be_ready "systemctl restart returned"
    done
    read_journal
    cp "$config" "$work/good.yaml"
}

is_shut_in() {
    say "the sandbox of the unit holds"
    process=/proc/$(main_pid)
    [ "$(stat -c %U:%G "$process")" = tidings:tidings ] || die "it runs as $(stat -c %U:%G "$process")"
    for line in 'NoNewPrivs:	1' 'Seccomp:	2' 'CapInh:	0000000000000000' 'CapPrm:	0000000000000000' 'CapEff:	0000000000000000' \
        'CapBnd:	0000000000000000' 'CapAmb:	0000000000000000'; do
        grep -qx "$line" "$process/status" || { cat "$process/status"; die "not in its status: $line"; }
    done
    grep -q '^Max open files  *1048576  *1048576' "$process/limits" || { cat "$process/limits"; die "descriptors"; }
    # What it sees of the disk, tried by root: whoever is less can do less.
    for place in /etc/tidings /var/lib /var/log /usr/bin /run /run/lock /root /home /boot /dev/shm /dev/mqueue; do
        if nsenter -t "$(main_pid)" -m touch "$place/by-the-test" 2>/dev/null; then die "it could write in $place"; fi
    done
    nsenter -t "$(main_pid)" -m -- setpriv --reuid tidings --regid tidings --clear-groups touch /var/lib/tidings/by-the-test \
        || die "it cannot write its state"
    [ -e /var/lib/tidings/by-the-test ] || die "its state is not where it should be"
    [ "$(stat -c '%a %U' /var/lib/tidings)" = '750 tidings' ] || die "mode of its state"
    systemd-analyze security --threshold=20 tidings.service >"$work/security" || { cat "$work/security"; die "exposed"; }
    tail -n 1 "$work/security"
    read_journal
    if grep -E 'level=(error|warning)' "$work/journal"; then die "its log"; fi
}

reloads() {
    say "reload: other keys, and nobody is disconnected"
    before=$(main_pid)
    old=$(token alice)
    listens alice
    hears alice first
    head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >/etc/tidings/jwt.secret
    systemctl reload tidings.service
    await "the new key" in_journal 'configuration reloaded'
    hears alice second
    listens bob
    hears bob third
    if tidings listen ws://127.0.0.1:8080/ws --token "$old" >/dev/null 2>"$work/said"; then die "the old key still holds"; fi
    grep -q 'closed with 1008' "$work/said" || { cat "$work/said"; die "the old key"; }
    [ "$(main_pid)" = "$before" ] || die "another process"
    kill -0 $listeners || die "somebody was disconnected"
    await "it has reloaded" is_active

    say "a bad configuration is refused, and the journal has the reason"
    read_journal
    sed -i 's/^listen:.*/listen: nonsense/' "$config"
    if systemctl reload tidings.service 2>"$work/said"; then die "the reload was not refused"; fi
    await "the reason" in_journal "tidings.yaml:6:.*nonsense"
    must_be_ready "after the refused reload"
    hears alice fourth
    [ "$(main_pid)" = "$before" ] || die "another process"
    if systemctl restart tidings.service 2>"$work/said"; then die "it started with nonsense"; fi
    read_journal
    cat "$work/journal"
    cp "$work/good.yaml" "$config"
    systemctl start tidings.service || die "it does not start after the configuration was mended"
    must_be_ready "mended"
}

stops() {
    say "stop: everybody is sent away, it ends with 0"
    read_journal
    listens carol
    listens dave
    systemctl stop tidings.service
    was_closed carol
    was_closed dave
    [ "$(property Result) $(property ExecMainCode) $(property ExecMainStatus)" = 'success 1 0' ] || die "it ended badly"
    read_journal
    if grep -E 'level=(error|warning)|[Ff]ailed|timed out' "$work/journal"; then die "the journal of a stop"; fi
    grep -q 'msg=ended' "$work/journal" || die "it did not say that it ended"

    say "a drain that is longer than TimeoutStopSec is waited for"
    mkdir -p /etc/systemd/system/tidings.service.d
    printf '[Service]\nTimeoutStopSec=2\n' >/etc/systemd/system/tidings.service.d/short.conf
    sed -i 's/^drain_seconds: .*/drain_seconds: 8/' "$config"
    systemctl daemon-reload
    systemctl start tidings.service
    listens frank
    listens grace
    systemctl stop tidings.service
    was_closed frank
    was_closed grace
    [ "$(property Result)" = success ] || die "it was killed"
    rm -r /etc/systemd/system/tidings.service.d
    cp "$work/good.yaml" "$config"
    systemctl daemon-reload
    systemctl start tidings.service
}

comes_back() {
    say "killed, it comes back"
    before=$(main_pid)
    kill -KILL "$before"
    await "another process" is_another "$before"
}

# The server of the unit may not load a module by itself.
has_kernel_tls() {
    say "tls.kernel: the server encrypts without the module, the kernel with it"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=vm -addext subjectAltName=IP:127.0.0.1 \
        -keyout /etc/tidings/tls.key -out /etc/tidings/tls.pem 2>/dev/null
    chgrp tidings /etc/tidings/tls.key
    chmod 0640 /etc/tidings/tls.key
    cat >>"$config" <<'END'
metrics: {listen: 127.0.0.1:9100}
tls: {cert_file: /etc/tidings/tls.pem, key_file: /etc/tidings/tls.key, listen: 127.0.0.1:8443, kernel: true}
END
    for expected in 0 1; do
        read_journal
        systemctl restart tidings.service
        await "https" curl -fs -m 5 --cacert /etc/tidings/tls.pem https://127.0.0.1:8443/readyz
        listens "heidi$expected" wss://127.0.0.1:8443/ws --ca /etc/tidings/tls.pem
        hears "heidi$expected" "by TLS"
        curl -s -m 5 http://127.0.0.1:9100/metrics | grep -qx "tls_kernel_connections $expected" || die "not $expected of its connections"
        [ "$(awk '$1 == "TlsTxSw" { print $2 }' /proc/net/tls_stat 2>/dev/null || echo 0)" -ge "$expected" ] || die "the kernel knows of none"
        read_journal
        told=$(grep -c 'the kernel offers no TLS' "$work/journal" || true)
        [ "$told" = $((1 - expected)) ] || die "its log says it $told times"
        modprobe tls
    done
    rm /etc/tidings/tls.*
    cp "$work/good.yaml" "$config"
    systemctl restart tidings.service
}

# Newcomers one after the other, until the file is gone; each line of the answer is curl's exit code and the status.
knocks() {
    while [ -e "$work/knocking" ]; do
        status=$(curl -s -o /dev/null -m 60 -w '%{http_code}' http://127.0.0.1:8080/healthz) && code=0 || code=$?
        echo "$code $status"
    done >"$work/knocks.$1"
}
# The same with WebSockets, twenty at a time.
dials() {
    while [ -e "$work/knocking" ]; do
        tidings bench connect ws://127.0.0.1:8080/ws -n 20 --opening 4 --secret "$(cat /etc/tidings/jwt.secret)" --json || true
    done >"$work/dials" 2>&1
}
knocking() {
    : >"$work/knocking"
    dials &
    third=$!
    knocks 1 &
    first=$!
    knocks 2 &
    second=$!
    await "knocks" grep -q . "$work/knocks.1"
}
nobody_was_refused() {
    sleep 1
    rm "$work/knocking"
    wait "$first" "$second" "$third"
    refused=$(cat "$work"/knocks.? | grep -cvx '0 200' || true)
    echo "   $(cat "$work"/knocks.? | wc -l) connections, $refused refused"
    [ "$refused" = 0 ] || { sort "$work"/knocks.? | uniq -c; die "somebody was refused"; }
    refused=$(grep -cv '"opened":20,"refused":0,' "$work/dials" || true)
    echo "   20 times $(wc -l <"$work/dials") WebSockets, $refused times somebody refused"
    [ "$refused" = 0 ] || { cat "$work/dials"; die "a WebSocket was refused"; }
}

restarts_with_socket() {
    say "with tidings.socket a restart refuses nobody"
    systemctl stop tidings.service
    systemctl -q enable --now tidings.socket
    systemctl start tidings.service
    read_journal
    knocking
    for _ in 1 2 3; do
        before=$(main_pid)
        systemctl restart tidings.service
        [ "$(main_pid)" != "$before" ] || die "the same process"
    done
    nobody_was_refused
    read_journal
    grep -q 'msg=listening.*inherited=yes' "$work/journal" || die "the socket was not used"
    if grep -E 'level=(error|warning)' "$work/journal"; then die "its log"; fi
    say "who knocks at the socket of a server that was stopped starts it"
    systemctl stop tidings.service 2>/dev/null
    await "an answer" is_ready
    [ "$(property ActiveState)" = active ] || die "who answered?"
}

upgrades() {
    say "an upgrade sends its clients away, and refuses nobody"
    listens erin
    before=$(main_pid)
    knocking
    dpkg --force-confold -i /mnt/next/*.deb >"$work/dpkg" 2>&1 || { cat "$work/dpkg"; die "dpkg"; }
    must_be_ready "upgraded"
    nobody_was_refused
    was_closed erin
    [ "$(main_pid)" != "$before" ] || die "the old version still runs"
    dpkg-query -W tidings | grep -q '+next$' || die "not upgraded"
    [ "$(systemctl is-active tidings.socket) $(systemctl is-enabled tidings.socket)" = 'active enabled' ] || die "the socket is gone"
    grep -q a-key-of-the-test "$config" || cmp -s "$config" "$work/good.yaml" || die "the configuration was changed"
    systemctl status tidings.service >"$work/status" 2>&1 || die "status"
    if grep -q 'daemon-reload' "$work/status"; then die "systemd goes by the old unit"; fi
}

is_purged() {
    say "purge: nothing is left"
    rm /etc/tidings/api-keys # the administrator's
    dpkg --purge tidings libtidings0 >"$work/dpkg" 2>&1 || { cat "$work/dpkg"; die "purge"; }
    for unit in tidings.service tidings.socket; do
        [ "$(systemctl show -P LoadState "$unit") $(systemctl show -P ActiveState "$unit")" = 'not-found inactive' ] \
            || { systemctl status "$unit" || true; die "$unit is left"; }
    done
    if find /etc /var/lib /run /usr /lib -xdev -name '*tidings*' ! -path '/var/lib/dpkg/*' | grep .; then die "files are left"; fi
    if getent passwd tidings || getent group tidings; then die "the user is left"; fi
    if curl -s -m 5 http://127.0.0.1:8080/healthz; then die "somebody still listens"; fi
}

installs
is_shut_in
reloads
stops
comes_back
has_kernel_tls
restarts_with_socket
upgrades
is_purged
if systemctl --failed --no-legend | grep .; then die "failed units"; fi
say good
