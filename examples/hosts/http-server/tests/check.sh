#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts the server on a free port of the loopback, asks it for everything, ends it. The last line adds everything up.
passed=0 failed=0
work=$(mktemp -d) || exit 2
timeout 240 ./httpd -w 3 handlers >"$work/port" 2>"$work/log" &
pid=$!
trap 'kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT
i=0
while [ ! -s "$work/port" ] && [ $i -lt 100 ]; do
    sleep 0.1
    i=$((i + 1))
done
port=$(sed -n 's/^listening on 127.0.0.1://p' "$work/port")
[ -n "$port" ] || { cat "$work/log"; echo "0 passed, 1 failed"; exit 1; }
ask() { timeout 30 ./client "$port" "$@" 2>&1; }
is() { # EXPECTED COMMAND...
    expected=$1
    shift
    got=$("$@")
    if [ "$got" = "$expected" ]; then passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n  expected %s\n  got      %s\n' "$*" "$expected" "$got"
    fi
}
raw() { printf "$1" | timeout 30 ./client "$port" raw | tr -d '\r' | grep -E '^HTTP|^X-|^Connection|^[0-9]'; }

everything() {
    is "200 Hello, world!" ask GET /hello
    is "200 Hello, Ann & Bo!" ask GET '/hello?x=1&name=Ann+%26%20Bo'
    is "201 <table><tr><td>a<td>2<tr><td>&lt;b&gt;<td>1</table>" ask POST /form/x "a <b> a"
    is "418 this wants POST" ask GET /form
    is "200 1" ask GET /count
    is "200 1" ask GET /count
    is "200 [0, 1, 4, 9, 16]" ask GET /team
    is "200 " ask HEAD /hello
    is "404 404 Not Found: there is no such page" ask GET /nothing
    is "404 404 Not Found: there is no such page" ask GET /../httpd.c
    is "404 404 Not Found: there is no such page" ask GET '/%2e%2e/hello'
    is "503 503 Service Unavailable: the handler was stopped: fuel used up" ask GET /endless
    is "503 503 Service Unavailable: the handler was stopped: fuel used up" ask GET /toplevel
    is "503 503 Service Unavailable: the handler was stopped: deadline used up" ask GET /sleeper
    is "503 503 Service Unavailable: the handler was stopped: memory used up" ask GET /bomb
    is "500 500 Internal Server Error: the handler failed: LimitError" ask GET /deep
    is "500 500 Internal Server Error: the handler's answer is too long" ask GET /huge
    is "500 500 Internal Server Error: the handler failed: IOError" ask GET /chatty
    is "500 500 Internal Server Error: the handler failed: ValueError" ask GET /fails
    is "500 500 Internal Server Error: a header of the handler's answer is none" ask GET /split
    is "500 500 Internal Server Error: a header of the handler's answer is none" ask GET /length
    is "500 500 Internal Server Error: the handler gave neither string nor map" ask GET /number
    is "500 500 Internal Server Error: the handler's status is none" ask GET /status
    is "500 500 Internal Server Error: the handler asks for authority, which it is not given" ask GET /thief
    is "500 500 Internal Server Error: the handler cannot be compiled" ask GET /broken
}
everything
# Two requests on one connection, sent at once; the second wants it to end.
is "HTTP/1.1 200 OK
Connection: keep-alive
1
HTTP/1.1 201 Created
Connection: close
X-Path: /form/a b" raw 'GET /count HTTP/1.1\r\nHost: x\r\n\r\nPOST /form/a%%20b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nz'
# What is no request, or could be understood in two ways.
for r in 'HELLO\r\n\r\n' 'GET / HTTP/3.0\r\n\r\n' 'GET x HTTP/1.1\r\n\r\n' 'GET /%%zz HTTP/1.1\r\n\r\n' 'GET /%%00 HTTP/1.1\r\n\r\n' \
    'GET / HTTP/1.1\r\nA b: c\r\n\r\n' 'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n' \
    'GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n' 'GET / HTTP/1.1\r\nno colon\r\n\r\n'; do
    is "HTTP/1.1 400 Bad Request
Connection: close
400 Bad Request: the server does not take this request" raw "$r"
done
is "HTTP/1.1 413 Content Too Large
Connection: close
413 Content Too Large: the server does not take this request" raw 'POST /form HTTP/1.1\r\nContent-Length: 70000\r\n\r\n'
is "HTTP/1.1 501 Not Implemented
Connection: close
501 Not Implemented: the server does not take this request" raw 'POST /form HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
long=$(printf '%017000d' 0)
is "HTTP/1.1 431 Request Header Fields Too Large
Connection: close
431 Request Header Fields Too Large: the server does not take this request" raw "GET / HTTP/1.1\r\nX: $long\r\n\r\n"
# Hostile pages beside good ones.
for page in /endless /bomb /fails /huge; do ask GET $page >/dev/null & pids="$pids $!"; done
is "500 of 500" sh -c "timeout 100 ./client $port load 500 2 /hello 2>/dev/null"
# shellcheck disable=SC2086
wait $pids
everything
kill -TERM "$pid"
wait "$pid"
is 0 echo $?
is logged sh -c "grep -q '^ValueError: no such luck' '$work/log' && echo logged"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
