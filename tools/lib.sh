# Shared by the scripts in tools/: build folders and the npm packages of the tests. Sourced, not run.
cd "$(dirname "$0")/.."
root=$PWD
out=$root/build

# configured DIR ARGUMENT...: a Meson folder, made once.
configured() {
    dir=$1
    shift
    [ -f "$dir/build.ninja" ] || meson setup "$dir" "$@" >"$dir.log" 2>&1 || { cat "$dir.log" >&2; return 1; }
}

# node_modules FOLDER: the npm packages of a folder, installed anew when its lock file has changed. A link leads to those of
# another checkout, which `npm ci` would empty.
node_modules() {
    [ ! -L "$1/node_modules" ] || return 0
    if ! [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
        (cd "$1" && npm ci --no-audit --no-fund --loglevel=error >/dev/null)
        touch "$1/node_modules/.package-lock.json"
    fi
}

# e2e BINARY [VITEST ARGUMENT]...: the end-to-end suite against a server.
e2e() {
    binary=$1
    shift
    (cd "$root/tests/e2e" && TIDINGS_BINARY=$binary npx vitest run "$@")
}

# What a sanitizer finds ends the process, and so its test.
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:exitcode=99
