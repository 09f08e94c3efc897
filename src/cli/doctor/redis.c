/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/redis.c: what to think of what Redis said.
 */
#include "cli/doctor/redis_priv.h"

enum {
    SLOW_PING_MS = 20,   /* between machines of one place a question takes less than one */
    SLOW_ECHO_MS = 2000, /* servers take Redis for down after 5 s */
    FULL_PERCENT = 90,
    BUFFER_MIN = 32 * 1024 * 1024,
};

static double ms_of(uint64_t ns) {
    return (double)ns / 1e6;
}

void doctor_redis_judge(const struct doctor_redis *redis, struct doctor_finding *ret) {
    const char *version = *redis->version ? redis->version : "of an unknown version";
    if (!redis->is_up) {
        doctor_find(ret, DOCTOR_FAIL, "%s",
                    *redis->why ? redis->why : "Redis: no answer within 5 seconds");
        doctor_advise(ret, "redis-cli -u URL PING from here: is broker.redis.url right? Until then "
                           "publishes get 503");
    } else if (*redis->role && strcmp(redis->role, "master") != 0) {
        doctor_find(ret, DOCTOR_FAIL, "Redis %s has the role %s, and takes no writes", version,
                    redis->role);
        doctor_advise(ret, "point broker.redis.url to its master, or use mode: sentinel");
    } else if (ms_of(redis->ping_ns) > SLOW_PING_MS) {
        doctor_find(ret, DOCTOR_WARN, "Redis %s takes %.0f ms to answer a PING", version,
                    ms_of(redis->ping_ns));
        doctor_advise(ret,
                      "find what slows it down: redis-cli SLOWLOG GET 10, redis-cli --latency");
    } else {
        doctor_find(ret, DOCTOR_OK, "Redis %s answers in %.2f ms", version, ms_of(redis->ping_ns));
    }
}

void doctor_cluster_judge(const struct doctor_redis *redis, struct doctor_finding *ret) {
    if (redis->nodes == 0) {
        doctor_find(ret, DOCTOR_SKIP, "the Cluster does not say which nodes it has: %s",
                    redis->refused);
    } else if (redis->nodes_bad > 0 || redis->is_cluster_down) {
        doctor_find(ret, redis->is_cluster_down ? DOCTOR_FAIL : DOCTOR_WARN,
                    "%llu of %llu nodes of the Cluster have failed%s%s%s",
                    (unsigned long long)redis->nodes_bad, (unsigned long long)redis->nodes,
                    redis->is_cluster_down ? ", and some slots have no master" : "",
                    *redis->nodes_why ? ": " : "", redis->nodes_why);
        doctor_advise(ret, "redis-cli --cluster check HOST:PORT; restart the node, or remove it");
    } else {
        doctor_find(ret, DOCTOR_OK, "all %llu nodes of the Cluster are healthy",
                    (unsigned long long)redis->nodes);
    }
}

void doctor_redis_memory_judge(const struct doctor_redis *redis, struct doctor_finding *ret) {
    char used[DOCTOR_FIGURE_MAX], max[DOCTOR_FIGURE_MAX];
    if (redis->used_bytes == DOCTOR_UNKNOWN || redis->max_bytes == DOCTOR_UNKNOWN) {
        doctor_find(ret, DOCTOR_SKIP, "Redis does not tell: %s", redis->refused);
        doctor_advise(ret, "permit its user to ask: ACL SETUSER ... +info +config|get");
        return;
    }
    (void)doctor_bytes(redis->used_bytes, used);
    (void)doctor_bytes(redis->max_bytes, max);
    if (redis->max_bytes == 0) {
        doctor_find(ret, DOCTOR_OK, "%s in use, without a maximum", used);
    } else if (strcmp(redis->policy, "noeviction") != 0) {
        doctor_find(
            ret, DOCTOR_WARN,
            "%s of %s in use; with maxmemory-policy %s submissions are evicted when it is full",
            used, max, redis->policy);
        doctor_advise(
            ret, "redis-cli CONFIG SET maxmemory-policy noeviction, and the same in redis.conf");
    } else if ((double)redis->used_bytes >= (double)redis->max_bytes * FULL_PERCENT / 100) {
        doctor_find(ret, DOCTOR_WARN, "%s of %s in use: when it is full, submissions get 503", used,
                    max);
        doctor_advise(ret, "raise maxmemory, or lower store.keep_seconds");
    } else {
        doctor_find(ret, DOCTOR_OK, "%s of %s in use, nothing is evicted", used, max);
    }
}

void doctor_redis_buffers_judge(const struct doctor_redis *redis, struct doctor_finding *ret) {
    char text[DOCTOR_FIGURE_MAX];
    if (redis->buffer_bytes == DOCTOR_UNKNOWN) {
        doctor_find(ret, DOCTOR_SKIP, "Redis does not tell: %s", redis->refused);
        doctor_advise(ret, "permit its user to ask: ACL SETUSER ... +config|get");
    } else if (redis->buffer_bytes == 0) {
        doctor_find(ret, DOCTOR_OK, "any amount of messages can be queued for a node");
    } else {
        bool is_enough = redis->buffer_bytes >= BUFFER_MIN;
        doctor_find(ret, is_enough ? DOCTOR_OK : DOCTOR_WARN,
                    "%s of messages can be queued for a node%s",
                    doctor_bytes(redis->buffer_bytes, text),
                    is_enough ? "" : ": a burst disconnects it, and it misses messages");
        if (!is_enough)
            doctor_advise(ret, "redis-cli CONFIG SET client-output-buffer-limit \"pubsub 32mb 8mb "
                               "60\", and the same in redis.conf");
    }
}

void doctor_redis_echo_judge(const struct doctor_redis *redis, struct doctor_finding *ret) {
    if (redis->echo_ns == DOCTOR_UNKNOWN) {
        doctor_find(ret, DOCTOR_FAIL, "a message published there does not arrive: %s",
                    *redis->refused ? redis->refused : "nothing within 5 seconds");
        doctor_advise(ret,
                      "is its user allowed to PUBLISH and SUBSCRIBE on all channels (ACL: &*)?");
        return;
    }
    bool is_slow = ms_of(redis->echo_ns) > SLOW_ECHO_MS;
    doctor_find(ret, is_slow ? DOCTOR_WARN : DOCTOR_OK, "a message took %.2f ms there and back",
                ms_of(redis->echo_ns));
    if (is_slow) doctor_advise(ret, "find what slows Redis down: redis-cli SLOWLOG GET 10");
}

/* ---- checks ---- */

/* Whether there is an answer to judge. */
static bool is_there(struct doctor *doctor, struct doctor_finding *ret) {
    const struct config *config = doctor->config;
    if (!config) {
        doctor_find(ret, DOCTOR_SKIP, "there is no configuration");
        return false;
    }
    if (config->broker.kind != CONFIG_BROKER_REDIS) {
        doctor_find(ret, DOCTOR_SKIP, "broker.kind is memory");
        return false;
    }
    if (!doctor->redis.is_asked) doctor_redis_talk(config, &doctor->redis);
    return true;
}

static bool is_up(struct doctor *doctor, struct doctor_finding *ret) {
    if (!is_there(doctor, ret)) return false;
    if (!doctor->redis.is_up) doctor_find(ret, DOCTOR_SKIP, "Redis is not there");
    return doctor->redis.is_up;
}

void doctor_check_redis(struct doctor *doctor, struct doctor_finding *ret) {
    if (is_there(doctor, ret)) doctor_redis_judge(&doctor->redis, ret);
}

void doctor_check_redis_memory(struct doctor *doctor, struct doctor_finding *ret) {
    if (is_up(doctor, ret)) doctor_redis_memory_judge(&doctor->redis, ret);
}

void doctor_check_redis_buffers(struct doctor *doctor, struct doctor_finding *ret) {
    if (is_up(doctor, ret)) doctor_redis_buffers_judge(&doctor->redis, ret);
}

void doctor_check_redis_echo(struct doctor *doctor, struct doctor_finding *ret) {
    if (is_up(doctor, ret)) doctor_redis_echo_judge(&doctor->redis, ret);
}

/* Each is asked; they must name one and the same. */
static void check_sentinels(const struct config *config, struct doctor_finding *ret) {
    const struct config_redis *redis = &config->broker.redis;
    struct doctor_sentinel first = { .master = "" }, one;
    size_t good = 0;
    for (size_t i = 0; i < redis->sentinels_count; i++) {
        doctor_sentinel_ask(config, redis->sentinels[i], &one);
        if (!*one.master) {
            bool has_why = *one.why != '\0';
            doctor_find(ret, DOCTOR_WARN, "%s%s", has_why ? one.why : redis->sentinels[i],
                        has_why ? "" : ": no master of that name");
        } else if (good++ == 0) {
            first = one;
        } else if (strcmp(one.master, first.master) != 0) {
            doctor_find(ret, DOCTOR_FAIL, "Sentinels disagree: %s or %s is the master",
                        first.master, one.master);
        }
    }
    if (good == 0) ret->verdict = DOCTOR_FAIL;
    if (good == redis->sentinels_count && !*ret->found)
        doctor_find(ret, DOCTOR_OK, "%zu Sentinels name %s the master", good, first.master);
    else
        doctor_advise(ret,
                      "redis-cli -p 26379 SENTINEL master %s on each; start the missing ones, a "
                      "failover needs most of them",
                      redis->sentinel_master);
}

void doctor_check_redis_nodes(struct doctor *doctor, struct doctor_finding *ret) {
    if (!is_there(doctor, ret)) return;
    switch (doctor->config->broker.redis.mode) {
    case REDIS_SINGLE: doctor_find(ret, DOCTOR_SKIP, "broker.redis.mode is single"); break;
    case REDIS_SENTINEL: check_sentinels(doctor->config, ret); break;
    case REDIS_CLUSTER:
        if (is_up(doctor, ret)) doctor_cluster_judge(&doctor->redis, ret);
        break;
    }
}
