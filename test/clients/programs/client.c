/* hiredis: see ../other-libraries.test.ts for what each step is about. */
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static redisContext *c;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static redisContext *open_it(int port) {
  redisContext *context = redisConnect("127.0.0.1", port);
  if (context == NULL || context->err) fail("connect", context ? context->errstr : "no memory");
  freeReplyObject(redisCommand(context, "AUTH secret"));
  return context;
}

static redisReply *checked(const char *what, redisReply *reply) {
  if (reply == NULL) fail(what, c->errstr);
  if (reply->type == REDIS_REPLY_ERROR) fail(what, reply->str);
  return reply;
}

static redisReply *next(redisContext *context, const char *what) {
  redisReply *reply = NULL;
  if (redisGetReply(context, (void **)&reply) != REDIS_OK) fail(what, context->errstr);
  return checked(what, reply);
}

static void expect(const char *what, redisReply *reply, const char *text) {
  checked(what, reply);
  if (reply->str == NULL || strcmp(reply->str, text) != 0) fail(what, reply->str ? reply->str : "nil");
  freeReplyObject(reply);
}

static void step(const char *name) {
  puts(name);
  fflush(stdout);
}

int main(int argc, char **argv) {
  int port = atoi(argv[1]);
  redisReply *reply;
  (void)argc;
  c = open_it(port);
  step("connect");

  for (int n = 0; n < 500; n++) {
    redisAppendCommand(c, "SET p%d %d", n, n);
    redisAppendCommand(c, "GET p%d", n);
  }
  for (int n = 0; n < 500; n++) {
    char text[16];
    snprintf(text, sizeof text, "%d", n);
    freeReplyObject(next(c, "pipeline"));
    expect("pipeline", next(c, "pipeline"), text);
  }
  step("pipeline");

  expect("multi", redisCommand(c, "MULTI"), "OK");
  expect("multi", redisCommand(c, "SET {t}a 1"), "QUEUED");
  expect("multi", redisCommand(c, "INCR {t}a"), "QUEUED");
  reply = checked("exec", redisCommand(c, "EXEC"));
  if (reply->elements != 2 || reply->element[1]->integer != 2) fail("exec", "not the replies");
  freeReplyObject(reply);
  step("transaction");

  redisContext *ear = open_it(port);
  freeReplyObject(checked("subscribe", redisCommand(ear, "SUBSCRIBE news")));
  freeReplyObject(checked("publish", redisCommand(c, "PUBLISH news hello")));
  reply = next(ear, "message");
  if (reply->elements != 3 || strcmp(reply->element[2]->str, "hello") != 0) fail("message", "another");
  freeReplyObject(reply);
  redisFree(ear);
  step("pubsub");

  redisContext *pusher = open_it(port);
  redisAppendCommand(c, "BLPOP queue 10");
  int done = 0;
  while (!done) redisBufferWrite(c, &done);
  freeReplyObject(checked("push", redisCommand(pusher, "RPUSH queue job")));
  reply = next(c, "blpop");
  if (reply->elements != 2 || strcmp(reply->element[1]->str, "job") != 0) fail("blpop", "another");
  freeReplyObject(reply);
  redisFree(pusher);
  step("blocking");

  size_t count = 0;
  char cursor[32] = "0";
  do {
    reply = checked("scan", redisCommand(c, "SCAN %s MATCH p* COUNT 100", cursor));
    count += reply->element[1]->elements;
    snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
    freeReplyObject(reply);
  } while (strcmp(cursor, "0") != 0);
  if (count < 500) fail("scan", "keys are missing");
  step("scan");

  expect("eval", redisCommand(c, "EVAL %s 1 p7", "return redis.call('GET', KEYS[1])"), "7");
  step("script");

  step("ready");
  getchar();
  reply = redisCommand(c, "GET p7");
  if (reply != NULL) fail("reconnect", "the connection has outlived the proxy");
  if (redisReconnect(c) != REDIS_OK) fail("reconnect", c->errstr);
  expect("auth", redisCommand(c, "AUTH secret"), "OK");
  expect("reconnect", redisCommand(c, "GET p7"), "7");
  step("reconnect");
  redisFree(c);
  return 0;
}
