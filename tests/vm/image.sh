#!/bin/sh
# The image of deploy/Dockerfile, run by podman as docs/operating.md says. Runs in the machine of tools/vm, where tools/image-test has put
# the image into /mnt/tidings.tar.
set -eu
. /mnt/lib.sh
show() { podman inspect -f "{{.$1}}" tidings; }
is_healthy() { podman healthcheck run tidings; }
connects() {
    "$work/tidings" listen ws://127.0.0.1:8080/ws --token "$token" >/dev/null 2>"$work/end" &
    client=$!
}
is_open() { podman exec tidings bash -c 'exec 3<>/dev/tcp/127.0.0.1/9100; printf "GET /metrics HTTP/1.0\r\n\r\n" >&3; grep -qx "websocket_connections_total 1" <&3'; }

say "loaded and started as the page says"
podman load -q -i /mnt/tidings.tar
mkdir -p /etc/tidings
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >/etc/tidings/jwt.secret
chown 10001 /etc/tidings/jwt.secret
cat >/etc/tidings/tidings.yaml <<'END'
listen: 0.0.0.0:8080
metrics: {listen: 127.0.0.1:9100}
jwt: {secret_file: /etc/tidings/jwt.secret}
store: {kind: sqlite, path: /var/lib/tidings/tidings.db}
drain_seconds: 2
END
podman run -d --name tidings --read-only --cap-drop ALL -p 8080:8080 --ulimit nofile=1048576 --stop-timeout 90 \
    -v /etc/tidings:/etc/tidings:ro -v tidings:/var/lib/tidings tidings serve -c /etc/tidings/tidings.yaml
await "it serves" is_ready
await "it is healthy" is_healthy

say "it is nobody special"
process=/proc/$(show State.Pid)
[ "$(stat -c %u:%g "$process")" = 10001:10001 ] || die "it runs as $(stat -c %u:%g "$process")"
for line in 'CapPrm:	0000000000000000' 'CapEff:	0000000000000000' 'CapBnd:	0000000000000000' 'NoNewPrivs:	1' 'Seccomp:	2'; do
    grep -qx "$line" "$process/status" || { cat "$process/status"; die "not in its status: $line"; }
done
grep -q '^Max open files  *1048576  *1048576' "$process/limits" || die "descriptors"
if podman exec tidings touch /usr/local/by-the-test 2>/dev/null; then die "the root can be written"; fi
podman exec tidings stat -c '%u %n' /var/lib/tidings/tidings.db || die "no store"
podman logs tidings 2>&1 | tee "$work/log"
if grep -E 'level=(error|warning)' "$work/log"; then die "its log"; fi

say "SIGTERM: its clients are sent away, it ends with 0"
podman cp tidings:/usr/local/bin/tidings "$work/tidings"
token=$("$work/tidings" token -c /etc/tidings/tidings.yaml --user alice)
connects
await "a client" is_open
podman stop tidings
wait "$client" || true
grep -q 'closed with 1012' "$work/end" || { cat "$work/end"; die "the client was not sent away"; }
[ "$(show State.ExitCode)" = 0 ] || die "it ended with $(show State.ExitCode)"
say good
