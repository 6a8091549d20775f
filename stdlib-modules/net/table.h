/* SPDX-License-Identifier: MIT */
/* The table of net, for each implementation: included once per file with FN(name) saying whose functions
 * are meant. The interface is this text; no implementation has operations of its own. */

static const amb_right rights[] = {
    {NET_CONNECT, "connect", "open connections to what the grant names, and send to it", 0, 0},
    {NET_LISTEN, "listen", "accept connections and datagrams at what the grant names", 0, 0},
    {NET_RESOLVE, "resolve", "ask for the addresses of names", 0, 0},
    {NET_READ, "read", "receive", 0, 0},
    {NET_WRITE, "write", "send", 0, 0},
};

#define STR(nm, dc, fl, mt) {.name = nm, .doc = dc, .type = AMB_T_STR, .flags = fl, .match = mt}

static const amb_param p_targets[] = {
    STR("targets", "host:port, with patterns for both", AMB_P_REST | AMB_P_PATH, AMB_M_HOSTPORT)};
static const amb_param p_names[] = {
    STR("names", "host names: example.org, *.example.org or *", AMB_P_REST | AMB_P_PATH, AMB_M_HOSTPORT)};
static const amb_param p_path[] = {STR("path", "the socket", AMB_P_PATH, AMB_M_FILE)};
static const amb_param p_connect[] = {
    STR("target", "host:port; may be left out where the grant names one", AMB_P_OPT | AMB_P_PATH, 0)};
static const amb_param p_listen[] = {
    STR("at", "address:port; may be left out where the grant names one", AMB_P_OPT | AMB_P_PATH, 0),
    {.name = "backlog", .doc = "connections that may wait to be accepted", .type = AMB_T_I64, .flags = AMB_P_OPT}};
static const amb_param p_backlog[] = {
    {.name = "backlog", .doc = "connections that may wait to be accepted", .type = AMB_T_I64, .flags = AMB_P_OPT}};
static const amb_param p_next[] = {{.name = "max", .doc = "items at most", .type = AMB_T_I64}};
static const amb_param p_in[] = {{.name = "buf", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_OUT}};
static const amb_param p_out[] = {{.name = "data", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_IN}};
static const amb_param p_side[] = {STR("side", "\"write\", \"read\" or \"both\"", AMB_P_OPT, 0)};
static const amb_param p_on[] = {{.name = "on", .doc = "true if left out", .type = AMB_T_BOOL, .flags = AMB_P_OPT}};
static const amb_param p_send[] = {
    {.name = "data", .doc = "string or bytes, one datagram", .type = AMB_T_ANY},
    STR("to", "host:port; may be left out where the grant names one", AMB_P_OPT | AMB_P_PATH, 0)};
static const amb_param p_reply[] = {{.name = "data", .doc = "string or bytes, one datagram", .type = AMB_T_ANY},
                                    STR("to", "the sender of a datagram", AMB_P_PATH, 0)};
static const amb_param p_resolve[] = {STR("name", "a host name", AMB_P_PATH, 0)};
static const amb_param p_cfg[] = {
    STR("hosts", "answers for names, before the system is asked: name=addr,addr;...", AMB_P_OPT, 0)};

#define PARAMS(p) .params = p, .nparams = sizeof(p) / sizeof(p[0])
#define MAKES(type) .ret_type = AMB_T_RES, .ret_restype = type
#define QUICK .flags = AMB_OP_INLINE, .effect = AMB_FX_EXTERNAL, .cost = 100
#define WAITS .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .cost = 200
#define BLOCK .flags = AMB_OP_INLINE | AMB_OP_CANCEL | AMB_OP_KERNEL, .effect = AMB_FX_EXTERNAL, .cost = 200
#define LOOKS .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 50

enum { ORD_ACCEPT_NEXT = 31, ORD_READ = 40, ORD_WRITE = 41, ORD_SOCKET_NEXT = 63 };

static const amb_op ops[] = {
    {.ordinal = 1, .name = "tcp", .doc = "connections over TCP", PARAMS(p_targets), MAKES(NET_RES_TCP),
     .ret_fixed = NET_CONNECT | NET_LISTEN, .ret_same = NET_CONNECT, QUICK, .fn = net_tcp_new},
    {.ordinal = 2, .name = "unix", .doc = "connections over a socket in the file system", PARAMS(p_path),
     MAKES(NET_RES_UNIX), .ret_fixed = NET_CONNECT | NET_LISTEN, .ret_same = NET_CONNECT, QUICK,
     .fn = FN(unix_new)},
    {.ordinal = 3, .name = "udp", .doc = "datagrams", PARAMS(p_targets), MAKES(NET_RES_UDP),
     .ret_fixed = NET_CONNECT | NET_LISTEN, .ret_same = NET_CONNECT, QUICK, .fn = net_udp_new},
    {.ordinal = 4, .name = "dns", .doc = "addresses of names", PARAMS(p_names), MAKES(NET_RES_DNS),
     .ret_fixed = NET_RESOLVE, .ret_same = NET_RESOLVE, QUICK, .fn = net_dns_new},

    {.ordinal = 10, .restype = NET_RES_TCP, .name = "connect", .doc = "a connection", PARAMS(p_connect),
     MAKES(NET_RES_CONN), .need = NET_CONNECT, .ret_fixed = NET_READ | NET_WRITE, WAITS, .fn = FN(tcp_connect)},
    {.ordinal = 11, .restype = NET_RES_TCP, .name = "listen", .doc = "a listener: the connections that come in",
     PARAMS(p_listen), MAKES(NET_RES_LISTENER), .need = NET_LISTEN, .ret_fixed = NET_LISTEN, QUICK,
     .fn = FN(tcp_listen)},
    {.ordinal = 12, .restype = NET_RES_TCP, .name = "sub", .doc = "the same for fewer targets", PARAMS(p_targets),
     MAKES(NET_RES_TCP), .ret_same = NET_CONNECT | NET_LISTEN, .flags = AMB_OP_INLINE, .cost = 100,
     .fn = net_tcp_sub},

    {.ordinal = 20, .restype = NET_RES_UNIX, .name = "connect", .doc = "a connection", MAKES(NET_RES_CONN),
     .need = NET_CONNECT, .ret_fixed = NET_READ | NET_WRITE, WAITS, .fn = FN(unix_connect)},
    {.ordinal = 21, .restype = NET_RES_UNIX, .name = "listen", .doc = "a listener; the socket must not exist",
     PARAMS(p_backlog), MAKES(NET_RES_LISTENER), .need = NET_LISTEN, .ret_fixed = NET_LISTEN, QUICK,
     .fn = FN(unix_listen)},

    {.ordinal = 30, .restype = NET_RES_LISTENER, .name = "accept", .doc = "the next connection that comes in",
     MAKES(NET_RES_CONN), .need = NET_LISTEN, .ret_fixed = NET_READ | NET_WRITE, WAITS, .fn = FN(accept)},
    {.ordinal = ORD_ACCEPT_NEXT, .restype = NET_RES_LISTENER, .name = "next", .doc = "", PARAMS(p_next),
     MAKES(NET_RES_CONN), .need = NET_LISTEN, .ret_fixed = NET_READ | NET_WRITE, BLOCK, .fn = FN(accept_next)},
    {.ordinal = 32, .restype = NET_RES_LISTENER, .name = "local", .doc = "the address it listens at",
     .ret_type = AMB_T_STR, .need = NET_LISTEN, LOOKS, .fn = FN(listener_local)},
    {.ordinal = 33, .restype = NET_RES_LISTENER, .name = "port", .doc = "its port, 0 if it has none",
     .ret_type = AMB_T_I64, .need = NET_LISTEN, LOOKS, .fn = FN(listener_port)},

    {.ordinal = ORD_READ, .restype = NET_RES_CONN, .name = "read", .doc = "", PARAMS(p_in), .ret_type = AMB_T_I64,
     .need = NET_READ, BLOCK, .cost_per_kib = 5, .fn = FN(conn_read)},
    {.ordinal = ORD_WRITE, .restype = NET_RES_CONN, .name = "write", .doc = "", PARAMS(p_out),
     .ret_type = AMB_T_I64, .need = NET_WRITE, BLOCK, .cost_per_kib = 5, .fn = FN(conn_write)},
    {.ordinal = 42, .restype = NET_RES_CONN, .name = "shutdown",
     .doc = "ends one direction; \"write\" if left out: the other side reads the end", PARAMS(p_side),
     .need = NET_WRITE, QUICK, .fn = FN(conn_shutdown)},
    {.ordinal = 43, .restype = NET_RES_CONN, .name = "peer", .doc = "the address of the other side",
     .ret_type = AMB_T_STR, LOOKS, .fn = FN(conn_peer)},
    {.ordinal = 44, .restype = NET_RES_CONN, .name = "local", .doc = "the address of this side",
     .ret_type = AMB_T_STR, LOOKS, .fn = FN(conn_local)},
    {.ordinal = 45, .restype = NET_RES_CONN, .name = "nodelay",
     .doc = "send small pieces at once (they are, unless this says false)", PARAMS(p_on), .need = NET_WRITE, QUICK,
     .fn = FN(conn_nodelay)},

    {.ordinal = 50, .restype = NET_RES_UDP, .name = "open", .doc = "a socket for sending and for answers",
     MAKES(NET_RES_SOCKET), .need = NET_CONNECT, .ret_fixed = NET_READ, .ret_same = NET_CONNECT, QUICK,
     .fn = FN(udp_open)},
    {.ordinal = 51, .restype = NET_RES_UDP, .name = "bind", .doc = "a socket that receives at an address",
     PARAMS(p_connect), MAKES(NET_RES_SOCKET), .need = NET_LISTEN, .ret_fixed = NET_READ, .ret_same = NET_CONNECT,
     QUICK, .fn = FN(udp_bind)},
    {.ordinal = 52, .restype = NET_RES_UDP, .name = "sub", .doc = "the same for fewer targets", PARAMS(p_targets),
     MAKES(NET_RES_UDP), .ret_same = NET_CONNECT | NET_LISTEN, .flags = AMB_OP_INLINE, .cost = 100,
     .fn = net_udp_sub},

    {.ordinal = 60, .restype = NET_RES_SOCKET, .name = "send", .doc = "one datagram", PARAMS(p_send),
     .need = NET_CONNECT, WAITS, .fn = FN(socket_send)},
    {.ordinal = 61, .restype = NET_RES_SOCKET, .name = "reply",
     .doc = "one datagram to somebody one was received from lately", PARAMS(p_reply), .need = NET_READ, QUICK,
     .fn = FN(socket_reply)},
    {.ordinal = 62, .restype = NET_RES_SOCKET, .name = "recv", .doc = "the next datagram: (data, from)",
     .ret_type = AMB_T_TREE, .need = NET_READ, WAITS, .fn = FN(socket_recv)},
    {.ordinal = ORD_SOCKET_NEXT, .restype = NET_RES_SOCKET, .name = "next", .doc = "", PARAMS(p_next),
     .ret_type = AMB_T_TREE, .need = NET_READ, BLOCK, .fn = FN(socket_next)},
    {.ordinal = 64, .restype = NET_RES_SOCKET, .name = "local", .doc = "the address it receives at",
     .ret_type = AMB_T_STR, LOOKS, .fn = FN(socket_local)},
    {.ordinal = 65, .restype = NET_RES_SOCKET, .name = "port", .doc = "its port", .ret_type = AMB_T_I64, LOOKS,
     .fn = FN(socket_port)},

    {.ordinal = 70, .restype = NET_RES_DNS, .name = "resolve", .doc = "a list of addresses", PARAMS(p_resolve),
     .ret_type = AMB_T_TREE, .need = NET_RESOLVE, WAITS, .fn = net_dns_resolve},
};

static const amb_restype types[] = {
    {.id = NET_RES_TCP, .name = "tcp", .doc = "connections over TCP", .all = NET_CONNECT | NET_LISTEN,
     .dflt = NET_CONNECT, .close = net_grant_close},
    {.id = NET_RES_UNIX, .name = "unix", .doc = "connections over a socket in the file system",
     .all = NET_CONNECT | NET_LISTEN, .dflt = NET_CONNECT, .close = FN(unix_close)},
    {.id = NET_RES_UDP, .name = "udp", .doc = "datagrams", .all = NET_CONNECT | NET_LISTEN, .dflt = NET_CONNECT,
     .close = net_grant_close},
    {.id = NET_RES_DNS, .name = "dns", .doc = "addresses of names", .all = NET_RESOLVE, .dflt = NET_RESOLVE,
     .close = net_grant_close},
    {.id = NET_RES_LISTENER, .next_op = ORD_ACCEPT_NEXT, .name = "listener", .doc = "connections that come in",
     .all = NET_LISTEN, .dflt = NET_LISTEN, .close = FN(listener_close)},
    {.id = NET_RES_CONN, .read_op = ORD_READ, .write_op = ORD_WRITE, .name = "conn", .doc = "a connection",
     .all = NET_READ | NET_WRITE, .dflt = NET_READ | NET_WRITE, .close = FN(conn_close)},
    {.id = NET_RES_SOCKET, .next_op = ORD_SOCKET_NEXT, .name = "socket", .doc = "sends and receives datagrams",
     .all = NET_CONNECT | NET_READ, .dflt = NET_CONNECT | NET_READ, .close = FN(socket_close)},
};

#define NET_TABLE(start_fn)                                                                     \
    AMB_PROVIDER_HEAD, .iface = "net", .doc = "connections to other machines and programs",     \
    .iface_major = 1, AMB_PROVIDER_TABLES(ops, types, rights), .ncfg = 1, \
    .cfg = p_cfg, .start = start_fn, .stop = net_stop, .cancel = net_cancel
