# The echo server and the client, against each other and against the programs of OpenSSL.
sh $PROVIDER_DIR/make-keys.sh . || exit 1
# Clients and servers in one program, with every way to be wrong.
cp $PROVIDER_DIR/tests/pairs.txt pairs.amb
# Disturbed, reads and writes are shorter, so that some answers are: it must come to its end all the same.
for how in '' --wire '--chaos 3' '--chaos 4' '--chaos 5'; do
    timeout 50 $AMBIT $how -y pairs.amb >pairs.out 2>&1
    case $how in
    '') cat pairs.out; cp pairs.out plain.out ;;
    --wire) diff plain.out pairs.out && echo "the same through frames" ;;
    *) [ "$(grep -c ' not accepted' plain.out)" = "$(grep -c ' not accepted' pairs.out)" ] && echo "${how% *}: $(tail -n 1 pairs.out)" ;;
    esac
done
port() { # OUTPUT: waits until the server says where it is
    n=0
    while ! grep -q listening "$1" 2>/dev/null && [ $n -lt 200 ]; do sleep 0.02; n=$((n + 1)); done
    sed -n 's/listening on //p' "$1"
}
# The server, used by openssl s_client, without and with a certificate.
$AMBIT -y $PROVIDER_DIR/echo.amb server.pem server.key -n 2 >echo.log &
p=$(port echo.log)
(echo one; echo two; sleep 0.3) | openssl s_client -connect 127.0.0.1:$p -servername localhost -CAfile ca.pem \
    -verify_return_error -verify_hostname localhost -quiet -no_ign_eof 2>/dev/null
(echo old; sleep 0.2) | openssl s_client -connect 127.0.0.1:$p -tls1_1 -quiet -no_ign_eof >/dev/null 2>&1 || echo "s_client: TLS 1.1 is not spoken"
wait
grep -v listening echo.log
$AMBIT -y $PROVIDER_DIR/echo.amb server.pem server.key --clients ca.pem -n 2 >echo2.log &
p=$(port echo2.log)
(sleep 0.2; echo hi; sleep 0.2) | openssl s_client -connect 127.0.0.1:$p -cert visitor.pem -key visitor.key -quiet -no_ign_eof 2>/dev/null
(sleep 0.3) | openssl s_client -connect 127.0.0.1:$p -quiet -no_ign_eof >/dev/null 2>&1
wait
grep -v listening echo2.log
# The client, with a server of openssl.
mkdir www
: >server.log
echo "a page of text" >www/page.txt
(cd www && exec timeout 20 openssl s_server -accept 127.0.0.1:0 -cert ../server.pem -key ../server.key -WWW) >server.log 2>&1 &
server=$!
n=0
while ! grep -q ACCEPT server.log && [ $n -lt 200 ]; do sleep 0.02; n=$((n + 1)); done
p=$(sed -n 's/.*ACCEPT.*:\([0-9]*\)$/\1/p' server.log)
$AMBIT -y $PROVIDER_DIR/get.amb localhost:$p /page.txt --ca ca.pem
$AMBIT -y $PROVIDER_DIR/get.amb localhost:$p /page.txt --ca other-ca.pem || echo "status $?"
$AMBIT -y $PROVIDER_DIR/get.amb 127.0.0.1:$p /page.txt --ca ca.pem
$AMBIT -y $PROVIDER_DIR/get.amb localhost:$p /page.txt | sed 's/ (.*//'
kill $server
