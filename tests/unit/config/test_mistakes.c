/* SPDX-License-Identifier: MIT */
/*
 * What is wrong in a file: each mistake with its line and column, all of them at once.
 */
#include "configured.h"

#define ALL_OF(...) "endpoints:\n  - name: huleedu\n" __VA_ARGS__

static const struct sample {
    const char *yaml;
    const char *mistakes; /* "" for none */
} samples[] = {
    /* Good all the same. */
    { "", "" },
    { "# nothing\n", "" },
    { "---\n...\n", "" },
    { "{}", "" },
    { "~", "" },
    { "jwt:\napi:\nendpoints:\n", "" },
    { "workers: 64\nlog_level: DEBUG\nlisten: ['[::1]:0', 127.0.0.1:80]\n", "" },
    { "{\"workers\": 2, \"jwt\": {\"algorithms\": [\"HS512\"]}}", "" },
    { "origins: [https://a.b, '*.a.b', 'http://localhost:3000', 'https://[::1]', "
      "'chrome-extension://abc', HTTP://A]",
      "" },
    { "trusted_proxies: [10.0.0.0/8, 127.0.0.1, 'fd00::/8']", "" },
    { "trusted_proxies: [10.0.0.0/8]\nproxy_protocol: true", "" },
    { "api: {keys: [abc, {key: def}, {name: x, key: ghi, scopes: [read, admin]}]}", "" },
    { "api: {public_stats: False}", "" },
    { ALL_OF("    enabled: false\n  - name: other\n    path: /ws\n"), "" },
    { ALL_OF("    path: /a/{b}/\n    channels: ['{b}', 'x{b}{user_id}y']\n"), "" },
    { ALL_OF("    unauthorized_code: 1013\n    limited_code: 4999\n"), "" },

    /* What is no YAML, or too much of it. Nothing else is said then. */
    { "listne: 1\nworkers: [1\nx: 2\n",
      "t.yaml:3:2: not YAML: while parsing a flow sequence: did not find expected ',' or ']'\n" },
    { "jwt:\n\tsecret: x\n", "t.yaml:2:1: not YAML: indentation is made of spaces, not tabs\n" },
    { "# \xc3\xa4\njwt:\n\tsecret: x\n",
      "t.yaml:3:1: not YAML: indentation is made of spaces, not tabs\n" },
    { "a: \"b",
      "t.yaml:1:6: not YAML: while scanning a quoted scalar: found unexpected end of stream\n" },
    { "a: b: c", "t.yaml:1:5: not YAML: mapping values are not allowed in this context\n" },
    { "x: \xc3\xa4\n  \xff", "t.yaml:2:3: not a text in UTF-8: invalid leading UTF-8 octet\n" },
    { "x: \x01", "t.yaml:1:4: not a text in UTF-8: control characters are not allowed\n" },
    { "\xff\xfe"
      "a\0",
      "t.yaml:1:1: not a text in UTF-8: invalid leading UTF-8 octet\n" },
    { "jwt: &x {secret: a}\n", "t.yaml:1:6: anchors (&name) are not supported\n" },
    { "a: *x\n", "t.yaml:1:4: aliases (*name) are not supported\n" },
    { "<<: *x\n", "t.yaml:1:5: aliases (*name) are not supported\n" },
    { "workers: !!int 3\n", "t.yaml:1:10: tags (!name) are not supported\n" },
    { "workers: 1\n---\nworkers: 2\n",
      "t.yaml:2:1: a second document; a configuration is only one\n" },
    { "a: [[[[[[[[[]]]]]]]]]\n", "t.yaml:1:11: nested too deeply\n" },
    { "{[a]: b}\n", "t.yaml:1:2: a key must be a plain text\n" },
    { "jwt: {secret: \"a\\0b\"}\n", "t.yaml:1:15: a text must not hold a NUL character\n" },

    /* Keys. */
    { "listne: x\n", "t.yaml:1:1: unknown key \"listne\"; did you mean \"listen\"?\n" },
    { "jtw: {}\n", "t.yaml:1:1: unknown key \"jtw\"; did you mean \"jwt\"?\n" },
    { "endpoint: []\n", "t.yaml:1:1: unknown key \"endpoint\"; did you mean \"endpoints\"?\n" },
    { "wholly_else: 1\n", "t.yaml:1:1: unknown key \"wholly_else\"\n" },
    { "<<: 1\n", "t.yaml:1:1: unknown key \"<<\"\n" },
    { "secret: x\n", "t.yaml:1:1: unknown key \"secret\"; did you mean \"jwt.secret\"?\n" },
    { "jwt:\n  secert: x\n", "t.yaml:2:3: unknown key \"secert\"; did you mean \"secret\"?\n" },
    { "jwt.secret: x\n", "t.yaml:1:1: unknown key \"jwt.secret\"\n" },
    { "jwt: {endpoints: []}\n", "t.yaml:1:7: unknown key \"endpoints\"\n" },
    { "\"\\e[2J\": x\n", "t.yaml:1:1: unknown key \"?[2J\"\n" },
    { "workers: 1\nlisten: 127.0.0.1:1\nworkers: 1\n",
      "t.yaml:3:1: \"workers\" repeated, first in line 1\n" },
    { "jwt: {}\njwt: {}\n", "t.yaml:2:1: \"jwt\" repeated, first in line 1\n" },
    { "[]", "t.yaml:1:1: the configuration: a map of keys expected\n" },
    { "x", "t.yaml:1:1: the configuration: a map of keys expected\n" },
    { "jwt: x\n", "t.yaml:1:6: jwt: a map of keys expected\n" },

    /* Values. */
    { "workers: \"2\"\n",
      "t.yaml:1:10: workers: a whole number from 0 to 64 expected, found \"2\"\n" },
    { "workers: 65\n",
      "t.yaml:1:10: workers: a whole number from 0 to 64 expected, found \"65\"\n" },
    { "workers: 0x2\n",
      "t.yaml:1:10: workers: a whole number from 0 to 64 expected, found \"0x2\"\n" },
    { "workers: 07\n",
      "t.yaml:1:10: workers: a whole number from 0 to 64 expected, found \"07\"\n" },
    { "workers: -1\n",
      "t.yaml:1:10: workers: a whole number from 0 to 64 expected, found \"-1\"\n" },
    { "workers: 18446744073709551616\n",
      "t.yaml:1:10: workers: a whole number from 0 to 64 expected, found "
      "\"18446744073709551616\"\n" },
    { "workers:\n", "t.yaml:1:9: workers: a whole number from 0 to 64 expected, found \"\"\n" },
    { "workers: [1]\n", "t.yaml:1:10: workers: a whole number expected, found a list\n" },
    { "handshake_seconds: 0\n",
      "t.yaml:1:20: handshake_seconds: a whole number from 1 to 3600 expected, found \"0\"\n" },
    { "log_format: xml\n", "t.yaml:1:13: log_format: logfmt or json expected, found \"xml\"\n" },
    { "log_level: {a: b}\n", "t.yaml:1:12: log_level: a log level expected, found a map\n" },
    { "api: {public_stats: yes}\n",
      "t.yaml:1:21: api.public_stats: true or false expected, found \"yes\"\n" },
    { "api: {public_stats: \"true\"}\n",
      "t.yaml:1:21: api.public_stats: true or false expected, found \"true\"\n" },
    { "jwt: {audience: }\n", "t.yaml:1:17: jwt.audience: has no value; \"\" is the empty text\n" },
    { "jwt: {audience: \"a\\nb\"}\n",
      "t.yaml:1:17: jwt.audience: must be UTF-8 without control characters\n" },
    { "origins: https://a.b\n", "t.yaml:1:10: origins: a list expected\n" },
    { "origins:\n", "t.yaml:1:9: origins: a list expected\n" },

    /* Addresses, networks, origins. */
    { "listen: localhost:8080\n",
      "t.yaml:1:9: listen: an IP address with a port expected, as 127.0.0.1:8080 or [::1]:8080, "
      "found \"localhost:8080\"\n" },
    { "listen: ::1\n",
      "t.yaml:1:9: listen: an IP address with a port expected, as 127.0.0.1:8080 or [::1]:8080, "
      "found \"::1\"\n" },
    { "listen: []\n", "t.yaml:1:9: listen: at least 1 expected\n" },
    { "listen: ''\n", "t.yaml:1:9: listen: at least 1 expected\n" },
    { "listen: [1.1.1.1:1, 1.1.1.1:1]\n", "t.yaml:1:21: listen: stands in the list twice\n" },
    { "metrics: {listen: [1.1.1.1:1, 1.1.1.1:2]}\n",
      "t.yaml:1:31: metrics.listen: more than 1 of them\n" },
    { "trusted_proxies: [10.0.0.1/8]\n",
      "t.yaml:1:19: trusted_proxies: '10.0.0.1/8' has bits set behind its prefix, in "
      "\"10.0.0.1/8\"\n" },
    { "origins: ['*', 'https://a/', 'https://a:443', 'http://a:0', 'a.b', 'http://', '*.', "
      "'http://u@h', 'null']\n",
      "t.yaml:1:11: origins: an empty list allows every origin; \"*\" is none, found \"*\"\n"
      "t.yaml:1:16: origins: an origin ends with its host or port, without a slash or path, found "
      "\"https://a/\"\n"
      "t.yaml:1:30: origins: browsers leave out the port that the scheme stands for, found "
      "\"https://a:443\"\n"
      "t.yaml:1:47: origins: the port is not a number from 1 to 65535, found \"http://a:0\"\n"
      "t.yaml:1:61: origins: scheme://host[:port] or *.host expected, found \"a.b\"\n"
      "t.yaml:1:68: origins: the host is not one that browsers send, found \"http://\"\n"
      "t.yaml:1:79: origins: only a host name may follow \"*.\", found \"*.\"\n"
      "t.yaml:1:85: origins: the host is not one that browsers send, found \"http://u@h\"\n"
      "t.yaml:1:99: origins: scheme://host[:port] or *.host expected, found \"null\"\n" },

    /* Certificates. */
    { "tls: {cert_file: a, key_file: b, min_version: 1.3, listen: 127.0.0.1:8443}", "" },
    { "tls: {certificates: [{cert_file: a, key_file: b}], listen: ['[::1]:443', 1.1.1.1:443]}",
      "" },
    { "tls: {cert_file: '', key_file: '', certificates: []}", "" },
    { "tls: {cert_file: a}\n", "t.yaml: tls.key_file: the key of tls.cert_file is missing\n" },
    { "tls: {key_file: a}\n",
      "t.yaml: tls.cert_file: the certificate of tls.key_file is missing\n" },
    { "tls: {cert_file: a, key_file: ''}\n",
      "t.yaml:1:31: tls.key_file: the key of tls.cert_file is missing\n" },
    { "tls: {listen: 127.0.0.1:8443}\n",
      "t.yaml:1:15: tls.listen: there is no certificate: set tls.cert_file and key_file\n" },
    { "tls: {min_version: 1.1}\n",
      "t.yaml:1:20: tls.min_version: 1.2 or 1.3 expected, found \"1.1\"\n" },
    { "tls: {certificates: [a, {cert_file: a}, {cert_file: '', key_file: b}, {file: x}]}\n",
      "t.yaml:1:22: tls.certificates: a map with cert_file and key_file expected\n"
      "t.yaml:1:25: tls.certificates: a certificate without its key_file\n"
      "t.yaml:1:53: tls.certificates: must not be empty\n"
      "t.yaml:1:72: tls.certificates: a certificate has cert_file and key_file, but no "
      "\"file\"\n" },

    /* Keys for tokens and for callers. */
    { "jwt: {algorithms: [HS265]}\n",
      "t.yaml:1:20: jwt.algorithms: unknown algorithm \"HS265\"; did you mean HS256?\n" },
    { "jwt: {algorithms: [none]}\n", "t.yaml:1:20: jwt.algorithms: unknown algorithm \"none\"\n" },
    { "jwt: {algorithms: []}\n", "t.yaml:1:19: jwt.algorithms: at least 1 expected\n" },
    { "jwt: {algorithms: [HS256, HS256]}\n",
      "t.yaml:1:27: jwt.algorithms: stands in the list twice\n" },
    { "jwt: {algorithms: [ES256, HS256]}\n",
      "t.yaml:1:19: jwt.algorithms: all but the HS algorithms need jwt.key_file, "
      "jwt.jwks_file or jwt.jwks_url\n" },
    { "api: {keys: ['a b', {name: x}, {key: abc, scopes: []}, {key: abc, nmae: f}, [x]]}\n",
      "t.yaml:1:14: api.keys: the key must be 1 to 256 printable ASCII characters, no spaces\n"
      "t.yaml:1:21: api.keys: a key without its \"key\"\n"
      "t.yaml:1:51: api.keys: scopes: a list of publish, admin, read expected\n"
      "t.yaml:1:67: api.keys: a key has name, key and scopes, but no \"nmae\"\n"
      "t.yaml:1:77: api.keys: a text expected, found a list\n" },
    { "api:\n  keys: [{name: a, key: x}, {name: a, key: y}]\n",
      "t.yaml:2:9: api.keys: keys[1]: the name is that of keys[0]\n" },

    /* Endpoints. */
    { "endpoints: {}\n",
      "t.yaml:1:12: endpoints: a list expected, each entry beginning with \"- name:\"\n" },
    { "endpoints: [x]\n", "t.yaml:1:13: endpoints: a map of keys expected\n" },
    { "endpoints:\n  - path: /x\n    pth: y\n",
      "t.yaml:2:5: an endpoint without a name\n"
      "t.yaml:3:5: unknown key of an endpoint: \"pth\"; did you mean \"path\"?\n" },
    { "endpoints:\n  - name: Ws\n",
      "t.yaml:2:11: name: up to 32 small letters, digits and dashes expected, a letter first\n" },
    { "endpoints:\n  - name: own\n",
      "t.yaml:2:11: endpoints.own: an endpoint of your own needs a path\n" },
    { "endpoints:\n  - name: own\n    path: /o\n  - name: own\n    path: /p\n",
      "t.yaml:4:11: a second endpoint named \"own\", first in line 2\n" },
    { ALL_OF("  - name: own\n    path: /ws/\n"),
      "t.yaml:4:11: endpoints.own.path: \"/ws/\" and the path of huleedu can be the same\n" },
    { ALL_OF("    path: /a/{b}\n  - name: own\n    path: /{c}/d\n"),
      "t.yaml:5:11: endpoints.own.path: \"/{c}/d\" and the path of huleedu can be the same\n" },
    { ALL_OF("    path: ws\n"),
      "t.yaml:3:11: endpoints.huleedu.path: a path begins with '/', in \"ws\"\n" },
    { ALL_OF("    path: /{user_id}\n"),
      "t.yaml:3:11: endpoints.huleedu.path: {user_id} is the token's user; name the placeholder "
      "otherwise\n" },
    { ALL_OF("    dialect: klingon\n"),
      "t.yaml:3:14: endpoints.huleedu.dialect: there is no dialect \"klingon\"\n" },
    { ALL_OF("    refuse: no\n"),
      "t.yaml:3:13: endpoints.huleedu.refuse: close or http expected, found \"no\"\n" },
    { ALL_OF("    channels: ['a:{b}']\n"),
      "t.yaml:3:15: endpoints.huleedu.channels: {b} is neither {user_id} nor in the path "
      "\"/ws\"\n" },
    { ALL_OF("    channels: ['{', '}', '{}', '{a{b}', '']\n"),
      "t.yaml:3:16: endpoints.huleedu.channels: a brace that is not closed, in \"{\"\n"
      "t.yaml:3:21: endpoints.huleedu.channels: braces that are no {placeholder}, in \"}\"\n"
      "t.yaml:3:26: endpoints.huleedu.channels: braces that are no {placeholder}, in \"{}\"\n"
      "t.yaml:3:32: endpoints.huleedu.channels: braces that are no {placeholder}, in \"{a{b}\"\n"
      "t.yaml:3:41: endpoints.huleedu.channels: must not be empty\n" },
    { ALL_OF("    user_claims: []\n"),
      "t.yaml:3:18: endpoints.huleedu.user_claims: at least 1 expected\n" },
    { ALL_OF("    required_claims: [a, b, c, d, e, f, g, h, i]\n"),
      "t.yaml:3:47: endpoints.huleedu.required_claims: more than 8 of them\n" },
    { ALL_OF("    limited_code: 1006\n    unauthorized_code: 5000\n"),
      "t.yaml:3:19: endpoints.huleedu.limited_code: 1008, 1011 to 1013 or 3000 to 4999 expected, "
      "found \"1006\"\n"
      "t.yaml:4:24: endpoints.huleedu.unauthorized_code: 1008, 1011 to 1013 or 3000 to 4999 "
      "expected, found \"5000\"\n" },
    { ALL_OF("    path_user: room\n"),
      "t.yaml:3:16: endpoints.huleedu.path_user: {room} is not in the path \"/ws\"\n" },
    { ALL_OF("    path: /r/{room}\n    path_user: room\n    auth: optional\n    channels: [a]\n"),
      "t.yaml:5:11: endpoints.huleedu.auth: with path_user a token is required\n" },
    { ALL_OF("    auth: optional\n    channels: ['a:{user_id}', b]\n"),
      "t.yaml:3:11: endpoints.huleedu.auth: the first channel, \"a:{user_id}\", needs a user, so a "
      "token is required\n" },
    { ALL_OF("    replay: some\n    connections_per: address\n    not_found_code: 1000\n"
             "    limits_scope: world\n"),
      "t.yaml:3:13: endpoints.huleedu.replay: none or all expected, found \"some\"\n"
      "t.yaml:4:22: endpoints.huleedu.connections_per: user or channel expected, found "
      "\"address\"\n"
      "t.yaml:5:21: endpoints.huleedu.not_found_code: 1008, 1011 to 1013 or 3000 to 4999 expected, "
      "found \"1000\"\n"
      "t.yaml:6:19: endpoints.huleedu.limits_scope: node or cluster expected, found \"world\"\n" },
    { ALL_OF("    replay: all\n"),
      "t.yaml:3:13: endpoints.huleedu.replay: only with declared: true\n" },
    { ALL_OF("    ends_after: end\n"),
      "t.yaml:3:17: endpoints.huleedu.ends_after: only with declared: true\n" },
    { ALL_OF("    channels: [\"submission:7\"]\n"),
      "t.yaml:3:15: endpoints.huleedu.channels: \"submission:7\" may only be the first channel, "
      "with "
      "declared: true\n" },
    { ALL_OF("    declared: true\n"),
      "t.yaml:3:15: endpoints.huleedu.declared: the first channel, \"ws:{user_id}\", is not "
      "submission:{…}, which is what can be declared\n" },
    { ALL_OF("    declared: true\n    channels: ['submission:{user_id}']\n"),
      "t.yaml:3:15: endpoints.huleedu.declared: the first channel, \"submission:{user_id}\", is "
      "not "
      "submission:{…}, which is what can be declared\n" },
    { ALL_OF("    path: /w/{n}\n    declared: true\n    channels: ['submission:{n}', b]\n"), "" },
    { ALL_OF("    path: /metrics\n"),
      "t.yaml:3:11: endpoints.huleedu.path: \"/metrics\" and the server's own /metrics can be the "
      "same\n" },
    { ALL_OF("    path: /metrics\n    enabled: false\n"), "" },
    { ALL_OF("  - name: own\n    path: /healthz/{what}/\n"),
      "t.yaml:4:11: endpoints.own.path: \"/healthz/{what}/\" and the server's own /healthz/redis "
      "can be the same\n" },
    { ALL_OF("  - name: own\n    path: /api/v1/ws/stats\n"),
      "t.yaml:4:11: endpoints.own.path: \"/api/v1/ws/stats\" and the server's own "
      "/api/v1/ws/stats can be the same\n" },
    { ALL_OF("    ping_seconds: 60\n    idle_seconds: 60\n"),
      "t.yaml:3:19: endpoints.huleedu.ping_seconds: 60 is not below idle_seconds (60), so no ping "
      "would ever be sent\n" },
    { "unfinished_bytes_max: 1048576\n" ALL_OF("    max_message_bytes: 1048577\n"),
      "t.yaml:4:24: endpoints.huleedu.max_message_bytes: larger than unfinished_bytes_max "
      "(1048576)\n" },

/* Redis. */
#define REDIS(keys) "broker:\n  kind: redis\n  redis: {" keys "}\n"
    { REDIS("url: 'redis://h:0'"),
      "t.yaml:3:16: broker.redis.url: the port is not a number from 1 to 65535\n" },
    { "broker: {redis: {url: http://h}}",
      "t.yaml:1:23: broker.redis.url: a Redis URL begins with redis:// or rediss://\n" },
    { REDIS("url: 'rediss://h', tls: {ca_file: a, cert_file: b, key_file: c, server_name: d}"),
      "" },
    { REDIS("tls: {ca_file: a, cert_file: b, key_file: c, server_name: d}"),
      "t.yaml:3:26: broker.redis.tls.ca_file: only with rediss:// in broker.redis.url\n"
      "t.yaml:3:40: broker.redis.tls.cert_file: only with rediss:// in broker.redis.url\n"
      "t.yaml:3:53: broker.redis.tls.key_file: only with rediss:// in broker.redis.url\n"
      "t.yaml:3:69: broker.redis.tls.server_name: only with rediss:// in broker.redis.url\n" },
    { REDIS("url: 'rediss://h', tls: {cert_file: b}"),
      "t.yaml:3:47: broker.redis.tls.cert_file: its key_file is missing\n" },
    { REDIS("url: 'rediss://h', tls: {key_file: b}"),
      "t.yaml:3:46: broker.redis.tls.key_file: its cert_file is missing\n" },
    { REDIS("tls: {cafile: b}"),
      "t.yaml:3:17: unknown key \"cafile\"; did you mean \"ca_file\"?\n" },
    { REDIS("mode: cluster, url: 'redis://h/1'"),
      "t.yaml:3:31: broker.redis.url: a Cluster has no database but 0\n" },
    { REDIS("mode: sentinel"),
      "t.yaml: broker.redis.sentinels: mode: sentinel needs at least one, as "
      "host:port\n" },
    { REDIS("mode: sentinel, sentinels: []"),
      "t.yaml:3:38: broker.redis.sentinels: mode: sentinel needs at least one, as host:port\n" },
    { REDIS("sentinels: ['h:1']"),
      "t.yaml:3:22: broker.redis.sentinels: only with mode: sentinel\n" },
    { REDIS("mode: sentinel, sentinels: [h, 'h:0', 'i:1', 'i:1']"),
      "t.yaml:3:39: broker.redis.sentinels: host:port expected, as redis-1.example:26379 or "
      "[::1]:26379, found \"h\"\n"
      "t.yaml:3:42: broker.redis.sentinels: host:port expected, as redis-1.example:26379 or "
      "[::1]:26379, found \"h:0\"\n"
      "t.yaml:3:56: broker.redis.sentinels: stands in the list twice\n" },
    { REDIS("mode: sentinel, sentinels: ['h:1'], sentinel_master: ''"),
      "t.yaml:3:64: broker.redis.sentinel_master: must not be empty\n" },
    { REDIS("mode: ring"),
      "t.yaml:3:17: broker.redis.mode: single or sentinel or cluster expected, found \"ring\"\n" },
    { REDIS("prefix: 'a{b'"), "t.yaml:3:19: broker.redis.prefix: must have no braces\n" },
    { REDIS("prefix: 'a}b'"), "t.yaml:3:19: broker.redis.prefix: must have no braces\n" },
    { REDIS("prefix: \"a\\tb\""),
      "t.yaml:3:19: broker.redis.prefix: must be UTF-8 without control characters\n" },
    { REDIS("prefix: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), "" },
    { REDIS("prefix: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefx"),
      "t.yaml:3:19: broker.redis.prefix: longer than 64 bytes\n" },
    { REDIS("connect_timeout_seconds: 0"),
      "t.yaml:3:36: broker.redis.connect_timeout_seconds: a whole number from 1 to 300 expected, "
      "found \"0\"\n" },
    { REDIS("sentinel: a"),
      "t.yaml:3:11: unknown key \"sentinel\"; did you mean \"sentinels\"?\n" },
    { "broker: {rediss: {}}", "t.yaml:1:10: unknown key \"rediss\"; did you mean \"redis\"?\n" },
    { "redis: {}", "t.yaml:1:1: unknown key \"redis\"\n" },
    { "broker: {url: x}",
      "t.yaml:1:10: unknown key \"url\"; did you mean \"broker.redis.url\"?\n" },
    { "broker: {redis: 1}", "t.yaml:1:17: broker.redis: a map of keys expected\n" },
    { "broker: {redis: {}, redis: {}}", "t.yaml:1:21: \"redis\" repeated, first in line 1\n" },
    { "broker:\n  redis:\n", "" },
    { "group: staff", "t.yaml:1:8: group: only together with `user`\n" },
    { "proxy_protocol: true",
      "t.yaml:1:17: proxy_protocol: true needs trusted_proxies, which are those that speak it\n" },
    { "broker: {kind: kafka}",
      "t.yaml:1:16: broker.kind: memory or redis expected, found \"kafka\"\n" },
    { "store: {kind: sqlite, path: x}\nbroker: {kind: redis}",
      "t.yaml:1:15: store.kind: sqlite is for broker.kind: memory; with redis, history is kept in "
      "Redis\n" },
    /* Where there is no Redis nobody asks how its keys go together. */
    { "broker: {redis: {mode: sentinel}}", "" },

    /* Everything in one go, in the file's order. */
    { "workers: x\njwt: {leeway_seconds: 9999, foo: 1}\n" ALL_OF("    idle: 1\n") "log_level: 5\n",
      "t.yaml:1:10: workers: a whole number from 0 to 64 expected, found \"x\"\n"
      "t.yaml:2:23: jwt.leeway_seconds: a whole number from 0 to 3600 expected, found \"9999\"\n"
      "t.yaml:2:29: unknown key \"foo\"\n"
      "t.yaml:5:5: unknown key of an endpoint: \"idle\"\n"
      "t.yaml:6:12: log_level: error, warning, info or debug expected, found \"5\"\n" },
};

static void names_every_mistake(void **state) {
    (void)state;
    static const char *const environ[] = { "JWT_SECRET_KEY=" GOOD_SECRET, NULL };
    for (size_t i = 0; i < countof(samples); i++) {
        struct configured got = configured_by(samples[i].yaml, environ);
        assert_string_equal(got.mistakes.at, samples[i].mistakes);
        configured_finish(&got);
    }
}

static void needs_a_key(void **state) {
    (void)state;
    static const struct sample keys[] = {
        { "", "t.yaml: there is no key to judge tokens with: set jwt.secret (JWT_SECRET_KEY), "
              "jwt.key_file, jwt.jwks_file or jwt.jwks_url\n" },
        { "jwt: {secret: short}",
          "t.yaml:1:15: jwt.secret: only 5 bytes long; at least 32 are needed (allow_weak_secret "
          "permits it)\n" },
        { "jwt: {secret: short, allow_weak_secret: true}", "" },
        { "jwt: {secret: " GOOD_SECRET ", algorithms: [RS256]}",
          "t.yaml:1:61: jwt.algorithms: all but the HS algorithms need jwt.key_file, "
          "jwt.jwks_file or jwt.jwks_url\n" },
        { "jwt: {key_file: x, algorithms: [HS256]}",
          "t.yaml:1:32: jwt.algorithms: HS256, HS384 and HS512 need jwt.secret or "
          "jwt.jwks_file\n" },
        { "jwt: {key_file: x, algorithms: [PS256]}", "" },
        { "jwt: {jwks_file: x, algorithms: [PS256, HS384]}", "" },
        { "jwt: {jwks_url: 'https://i.example/k', algorithms: [ES256]}", "" },
        { "jwt: {jwks_url: 'https://i.example/k', algorithms: [ES256, HS256], secret: " GOOD_SECRET
          "}",
          "" },
        { "jwt: {jwks_url: 'https://i.example/k', algorithms: [ES256, HS256]}",
          "t.yaml:1:52: jwt.algorithms: HS256, HS384 and HS512 need jwt.secret: what is published "
          "is no secret\n" },
        { "jwt: {jwks_url: 'https://i.example/k', jwks_file: x, algorithms: [ES256, HS256]}",
          "t.yaml:1:66: jwt.algorithms: HS256, HS384 and HS512 need jwt.secret: what is published "
          "is no secret\n" },
        { "jwt: {jwks_url: 'https://i.example/k', secret: " GOOD_SECRET "}",
          "t.yaml: jwt.algorithms: jwt.jwks_url has keys for all but the HS algorithms\n" },
        { "jwt: {jwks_url: 'http://user:pw@i.example/k', algorithms: [ES256]}",
          "t.yaml:1:17: jwt.jwks_url: http:// is read and changed by anybody on the way; https:// "
          "expected\n" },
        { "jwt: {jwks_url: 'http://i/k', jwks_allow_http: true, algorithms: [ES256]}", "" },
        { "jwt: {jwks_url: 'user:pw', algorithms: [ES256]}",
          "t.yaml:1:17: jwt.jwks_url: not a URL, https://host/path expected\n" },
        { "jwt: {secret: [x]}", "t.yaml:1:15: jwt.secret: a text expected, found a list\n" },
    };
    for (size_t i = 0; i < countof(keys); i++) {
        struct configured got = configured_by(keys[i].yaml, NULL);
        assert_string_equal(got.mistakes.at, keys[i].mistakes);
        configured_finish(&got);
    }
}

static void secrets_are_not_shown(void **state) {
    (void)state;
    static const char *const yamls[] = {
        "jwt: {secret: 'classified'}",
        "jwt: {secret: [classified]}",
        "api: {keys: ['classified classified', {key: 'classified', name: ''}]}",
        "api: {keys: ['classified', {key: 'classified'}]}",
        "api: {keys: classified}",
        "broker: {redis: {url: 'redis://u:classified@'}}",
        "broker: {redis: {url: 'redis://u:classified@h:classified'}}",
        "broker: {redis: {url: 'redis://u:cla#classified@h'}}",
        "broker: {redis: {url: ['redis://u:classified@h']}}",
        "broker: {redis: {url: classified}}",
        "jwt: {algorithms: [ES256], jwks_url: classified}",
        "jwt: {algorithms: [ES256], jwks_url: 'http://u:classified@h'}",
        "jwt: {algorithms: [ES256], jwks_url: 'https://u:cla ssified@h?classified'}",
    };
    for (size_t i = 0; i < countof(yamls); i++) {
        struct configured got = configured_by(yamls[i], NULL);
        assert_null(got.config);
        assert_null(strstr(got.mistakes.at, "classified"));
        configured_finish(&got);
    }
}

/* What is endless in the file is not endless in the report. */
static void mistakes_are_bounded(void **state) {
    (void)state;
    struct buf yaml;
    buf_init(&yaml, 1024 * 1024);
    buf_append_text(&yaml, "origins: [");
    for (int i = 0; i < 250; i++)
        buf_printf(&yaml, "bad%d, ", i);
    buf_append_text(&yaml, "]\nendpoints:\n");
    for (int i = 0; i < 70; i++)
        buf_printf(&yaml, "  - {name: e%d, path: /e%d}\n", i, i);
    buf_append_char(&yaml, '\0');
    struct configured got = configured_by(yaml.at, NULL);
    assert_non_null(strstr(got.mistakes.at, "\nand 161 more\n"));
    configured_finish(&got);

    buf_clear(&yaml);
    buf_append_text(&yaml, "origins: [");
    for (int i = 0; i < 20001; i++)
        buf_append_text(&yaml, "a,");
    buf_append_text(&yaml, "]");
    buf_append_char(&yaml, '\0');
    got = configured_by(yaml.at, NULL);
    assert_string_equal(got.mistakes.at, "t.yaml:1:40005: too many values in one file\n");
    configured_finish(&got);

    buf_clear(&yaml);
    for (int i = 0; i < 300; i++)
        buf_printf(&yaml, "jwt%d: 1\n", i);
    buf_append_char(&yaml, '\0');
    got = configured_by(yaml.at, NULL);
    assert_null(strstr(got.mistakes.at, "jwt257"));
    configured_finish(&got);
    buf_finish(&yaml);
}

static void counts_endpoints(void **state) {
    (void)state;
    static const char *const environ[] = { "JWT_SECRET_KEY=" GOOD_SECRET, NULL };
    struct buf yaml;
    buf_init(&yaml, 1024 * 1024);
    buf_append_text(&yaml, "endpoints:\n");
    for (int i = 0; i < 61; i++) /* and four are there already */
        buf_printf(&yaml, "  - {name: e%d, path: /e%d}\n", i, i);
    buf_append_char(&yaml, '\0');
    struct configured got = configured_by(yaml.at, environ);
    assert_string_equal(got.mistakes.at, "t.yaml:62:12: more than 64 endpoints\n");
    configured_finish(&got);
    buf_finish(&yaml);
}

static void says_why_files_cannot_be_read(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *mistake;
    } files[] = {
        { "/nowhere/t.yaml", "/nowhere/t.yaml: cannot be read: No such file or directory\n" },
        { "/tmp", "/tmp: cannot be read: Is a directory\n" },
        { "/dev/zero", "/dev/zero: cannot be read: larger than 1048576 bytes\n" },
    };
    for (size_t i = 0; i < countof(files); i++) {
        struct config_report report = { 0 };
        struct config_source source = { .path = files[i].path };
        struct config *config = NULL;
        assert_int_equal(config_load(&source, &report, &config), ERR_IO);
        struct buf out;
        buf_init(&out, 4096);
        config_report_show(&report, &out);
        buf_append_char(&out, '\0');
        assert_string_equal(out.at, files[i].mistake);
        buf_finish(&out);
        config_report_finish(&report);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_mistake),   cmocka_unit_test(needs_a_key),
        cmocka_unit_test(secrets_are_not_shown), cmocka_unit_test(mistakes_are_bounded),
        cmocka_unit_test(counts_endpoints),      cmocka_unit_test(says_why_files_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
