# Shared by what runs inside the machine of tools/vm, as root. Sourced, not run.
export SYSTEMD_PAGER='' SYSTEMD_COLORS=0 DEBIAN_FRONTEND=noninteractive
work=$(mktemp -d)
began=$(date +%s)

say() { echo "== $(($(date +%s) - began))s: $*"; }
die() {
    echo "failed: $*"
    journalctl -q -n 40 -o short-monotonic SYSLOG_IDENTIFIER=tidings + SYSLOG_IDENTIFIER=systemd + SYSLOG_IDENTIFIER=sh
    exit 1
}

# await WHAT COMMAND...: until it succeeds, for a minute at most.
await() {
    what=$1 tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || die "in vain: $what"
        sleep 0.2
    done
}

# The journal of tidings.service since the last call, in $work/journal.
read_journal() {
    journalctl --sync
    journalctl -q -u tidings.service -o cat --cursor-file="$work/cursor" >"$work/journal" || true
}
in_journal() {
    journalctl --sync
    journalctl -q -u tidings.service -o cat | grep -q -- "$1"
}

property() { systemctl show -P "$1" tidings.service; }
main_pid() { property MainPID; }
is_ready() { curl -fs -m 5 http://127.0.0.1:8080/readyz | grep -q '"ready"'; }
must_be_ready() { is_ready || die "$1: it does not say that it is ready"; }
