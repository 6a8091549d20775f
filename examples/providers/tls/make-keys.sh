# SPDX-License-Identifier: MIT
# An authority, and certificates for localhost: good ones, one for another host, one that has expired, one by nobody known.
# make-keys.sh DIR
set -e
cd "$1"
quiet() { "$@" >/dev/null 2>keys.log || { cat keys.log >&2; exit 1; }; }
key() { quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
cat >ca.cnf <<'END'
[req]
distinguished_name = dn
x509_extensions = ca
prompt = no
[dn]
CN = Test authority
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
for ca in ca other-ca; do
    key $ca
    quiet openssl req -x509 -new -key $ca.key -days 30 -config ca.cnf -out $ca.pem
done
cert() { # NAME AUTHORITY DAYS SUBJECT NAMES
    key "$1"
    quiet openssl req -new -key "$1.key" -subj "/CN=$4" -out "$1.csr"
    printf 'subjectAltName = %s\nbasicConstraints = CA:false\nextendedKeyUsage = serverAuth, clientAuth\n' "$5" >"$1.ext"
    # Days before today: a certificate that is over.
    quiet openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" -extfile "$1.ext" -out "$1.pem"
}
cert server ca 30 localhost 'DNS:localhost, DNS:*.test.example, IP:127.0.0.1'
cert elsewhere ca 30 elsewhere 'DNS:elsewhere.example, DNS:www.elsewhere.example'
cert expired ca -1 localhost 'DNS:localhost'
cert stranger other-ca 30 localhost 'DNS:localhost'
cert visitor ca 30 visitor 'email:visitor@test.example'
rm -f ./*.csr ./*.ext ./*.srl ca.cnf keys.log
