#!/usr/bin/env bash
# rsyslog as a sender: its `omprog` starts `casemate pipe` and writes alerts to it; every alert must be
# in the home when rsyslog has stopped, and the pipe must have ended by itself. Takes rsyslogd from the
# machine, or unpacks Debian's packages into a temporary folder; needs no root. Where neither can be
# had it says so and passes.
#
#   tests/clients/rsyslog.sh [CASEMATE [MODULES]]
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
casemate=$(realpath "${1:-$project/target/release/casemate}")
modules=$(realpath "${2:-$project/target/modules}")
count=300

work=$(mktemp -d)
daemon=
finish() {
    if [[ -n "$daemon" ]]; then kill -KILL "$daemon" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT

fail() {
    echo "rsyslog: $*" >&2
    cat "$work/rsyslogd.log" "$work/pipe.err" >&2 2>/dev/null || true
    exit 1
}

rsyslogd=$(PATH="$PATH:/usr/sbin" command -v rsyslogd || true)
plugins=
if [[ -z "$rsyslogd" ]]; then
    mkdir "$work/deb"
    if ! (cd "$work/deb" && apt-get download rsyslog libestr0 libfastjson4 liblognorm5) >"$work/apt.log" 2>&1; then
        echo "rsyslog: skipped: rsyslogd is not here and its packages cannot be had"
        exit 0
    fi
    for package in "$work"/deb/*.deb; do dpkg -x "$package" "$work/root"; done
    rsyslogd=$work/root/usr/sbin/rsyslogd
    libraries=$(dirname "$(find "$work/root/usr/lib" -name 'libestr.so.0' | head -1)")
    plugins=$libraries/rsyslog
    export LD_LIBRARY_PATH=$libraries
    if ! "$rsyslogd" -v >"$work/version" 2>&1; then
        echo "rsyslog: skipped: Debian's rsyslogd does not run here"
        exit 0
    fi
fi
"$rsyslogd" -v | head -1

home=$work/home
"$casemate" --home "$home" init --operator ops@mssp.example --modules "$modules" --tenant acme >/dev/null 2>&1

# Compiles the modules once, before two processes do so at the same time.
"$casemate" --home "$home" module list >/dev/null

# What omprog starts: the pipe, with its end written down.
cat >"$work/pipe.sh" <<END
#!/bin/sh
"$casemate" --home "$home" pipe --tenant acme >>"$work/pipe.out" 2>>"$work/pipe.err"
echo \$? >"$work/pipe.code"
END
chmod +x "$work/pipe.sh"

cat >"$work/rsyslog.conf" <<END
global(workDirectory="$work" maxMessageSize="64k")
module(load="imuxsock" SysSock.Use="off")
module(load="omprog")
input(type="imuxsock" Socket="$work/log" RateLimit.Interval="0" useSpecialParser="off" parseHostname="off")
template(name="alert" type="list") { property(name="msg" position.from="2") constant(value="\n") }
if \$msg startswith " {" then {
    action(type="omprog" binary="$work/pipe.sh" template="alert" confirmMessages="off"
           signalOnClose="off" closeTimeout="30000" killUnresponsive="off"
           queue.type="LinkedList" queue.timeoutShutdown="30000" action.resumeRetryCount="-1")
}
END
RSYSLOG_MODDIR=$plugins "$rsyslogd" -n -f "$work/rsyslog.conf" -i "$work/rsyslogd.pid" >"$work/rsyslogd.log" 2>&1 &
daemon=$!
for _ in $(seq 200); do
    [[ -S "$work/log" ]] && break
    sleep 0.05
done
[[ -S "$work/log" ]] || fail "it does not listen"

alert() {
    printf '{"class_uid":2004,"severity_id":3,"time":%s,"metadata":{"version":"1.1.0","product":{"name":"Sensor"}},"finding_info":{"uid":"id-%s","title":"t","analytic":{"uid":"rule-%s"}},"device":{"hostname":"host-%s"}}\n' \
        "$((1795420800000 - $1 * 1000))" "$1" "$(($1 % 5))" "$(($1 % 9))"
}
send() {
    for number in $(seq "$1" "$2"); do alert "$number"; done | logger --socket "$work/log" --tag alerts --size 64KiB
}
in_home() { "$casemate" --home "$home" group --tenant acme --format csv 2>/dev/null | tail -n +2 | wc -l; }

came() {
    for _ in $(seq 600); do
        (($(in_home) >= $1)) && break
        sleep 0.1
    done
    (($(in_home) == $1)) || fail "$(in_home) of $1 alerts came while it runs"
}

send 1 $((count / 2))
came $((count / 2))
# Told to read its files again it goes on.
kill -HUP "$daemon"
send $((count / 2 + 1)) "$count"
# What still lies in its socket when it is told to end, rsyslogd does not read any more.
came "$count"
kill -TERM "$daemon"
wait "$daemon" || fail "it ended with $?"
daemon=
for _ in $(seq 300); do
    [[ -s "$work/pipe.code" ]] && break
    sleep 0.1
done
[[ "$(cat "$work/pipe.code" 2>/dev/null)" == 0 ]] || fail "the pipe ended with $(cat "$work/pipe.code" 2>/dev/null || echo nothing)"
[[ "$(in_home)" == "$count" ]] || fail "$(in_home) of $count alerts are in the home"
[[ "$(grep -c casemate.received/v1 "$work/pipe.out")" == "$count" ]] || fail "not every alert was answered"
[[ ! -s "$work/pipe.err" ]] || fail "the pipe complained"
"$casemate" --home "$home" doctor >/dev/null || fail "doctor found something"
echo "rsyslog: $count alerts through omprog are in the home, and the pipe ended with 0"
