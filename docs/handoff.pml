/*
 * How a slot changes hands: the protocol of docs/handoff.md, small enough to be checked whole.
 *
 * One slot with one key, a counter. Two servers, A and B; two proxies, the first with two workers;
 * one mover. Clients increment the counter through the workers. The move goes from A to B, may be
 * cancelled back, meets failed pulls, one crash (of either proxy or of the mover, or a worker gives
 * up waiting) and one proxy cut off from the coordinator. All of these are bounded, so every run
 * ends, and where none can go on the slot must be online, with everything in it.
 *
 *   spin -DPARTITIONS=0 -a handoff.pml
 *   gcc -O2 -w -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m10000 -w23
 *
 * BREAK_... (spin -DBREAK_I2 -a handoff.pml) leaves one rule out; each must make the checker find
 * a violation. ONLY=LOST asserts nothing but that clients lose no write, ONLY=I2 nothing but I2.
 * The story of what was found: spin -T -DBREAK_I2 -t handoff.pml
 */

/* What may happen in one run, at most. */
#ifndef COMMANDS
#define COMMANDS 3
#endif
/* The key's first value; 0: there is no key until a command makes it. */
#ifndef INITIAL
#define INITIAL 0
#endif
#ifndef FAILED_PULLS
#define FAILED_PULLS 1
#endif
/* A proxy or the mover ends; or a worker gives up waiting for an answer and reconnects. */
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef PARTITIONS
#define PARTITIONS 1
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#ifndef ROLLBACKS
#define ROLLBACKS 1
#endif

/* Servers. */
#define A 0
#define B 1
#define other(x) (1 - (x))

/* What the slot's record, and a worker's table, may say. */
#define NO_TABLE 0
#define ONLINE(x) (1 + (x))      /* x owns the slot */
#define PRE_MIGRATE(x) (3 + (x)) /* the gate is closed; x is the group_id of the record */
#define MIGRATE(x) (5 + (x))     /* keys go from x to the other: pull, then send there */
#define isOnline(t) ((t) == ONLINE(A) || (t) == ONLINE(B))
#define isPreMigrate(t) ((t) == PRE_MIGRATE(A) || (t) == PRE_MIGRATE(B))
#define isMigrate(t) ((t) == MIGRATE(A) || (t) == MIGRATE(B))
#define serverOf(t) (((t) - 1) % 2)

/* Processes: workers 0 and 1 are of proxy 0, worker 2 is of proxy 1. */
#define PROXIES 2
#define WORKERS 3
#define MOVER 3
#define proxyOf(w) ((w) / 2)

/* What is under way on a connection, a worker's or the mover's, one thing at a time. */
#define NOTHING 0
#define INCR(x) (1 + (x))   /* sent to x */
#define PULL(x) (3 + (x))   /* MIGRATE sent to x */
#define RUNNING 5           /* x is at it, and does nothing else */
#define PULLED(x) (6 + (x)) /* x has deleted the key, or had none */
#define FAILED(x) (8 + (x)) /* IOERR: x has the key, the other may have it, too */

/* The servers. */
byte value[2];    /* of the key; 0: there is none */
byte busy[2];     /* 1 + connection whose MIGRATE runs; 0: none */
byte copy[2];     /* RESTORE on its way from this server to the other; 0: none */
byte lateCopy[2]; /* the same, but whoever sent it has given it up (BREAK_LATE_RESTORE) */
byte doing[4];    /* a connection each */
byte late[4];     /* what was sent on a connection that its process has closed, or died with */

/* The coordinator. */
byte record = ONLINE(A);
bool isHandled[2]; /* the last action, by this proxy: its acknowledgement is there */
byte goal = B;    /* of the task */

/* The proxies. */
bool alive[2];
#ifdef BREAK_JOIN
bool isRegistered[2];
#endif
bool isCutOff[2]; /* from the coordinator; its ephemeral node is gone, or will be */
byte follower[2]; /* IDLE, TELLING its second worker, DRAINING */
bool isNewest[2]; /* what it is at is the last action, not an earlier one */
byte got[2];      /* the record that it read then */
bool isQuiet[2];  /* has acknowledged pre_migrate */
byte table[3];    /* a worker each */
bool isGone[3];   /* a worker knows that the source has not got the key */

#define IDLE 0
#define TELLING 1
#define DRAINING 2

/* The mover. */
#define STARTING 0
#define ANNOUNCING 1
#define DECIDING 2
#define WAITING 3
#define MOVING 4
#define DONE 5
byte mover = STARTING;
byte asking; /* of the proxies, the one whose acknowledgement is waited for */

/* What is left of the bounds above. */
byte commands = COMMANDS;
byte failedPulls = FAILED_PULLS;
byte crashes = CRASHES;
byte partitions = PARTITIONS;
byte cancels = CANCELS;
byte rollbacks = ROLLBACKS;

/* What somebody knows who sees everything. */
byte truth;        /* increments executed, on whichever server */
byte acknowledged; /* the highest answer that a client got */

/*
 * Assertions by name. `hidden`: they are no part of the state.
 *
 * LOST: a command, or the end, does not see a write that was acknowledged. STRAY: it does not see
 * one that was executed. STUCK: nothing goes on, and the slot is not online or a command hangs.
 */
hidden byte I1, I2, I3, I4, I5, LOST, STRAY, STUCK;
#define N_I1 1
#define N_I2 2
#define N_I3 3
#define N_I4 4
#define N_I5 5
#define N_LOST 6
#define N_STRAY 7
#define N_STUCK 8
#define numberOf(name) numbered(name)
#define numbered(name) N_##name
#ifdef ONLY
#define invariant(name, holds) name = (numbered(name) != numberOf(ONLY) || (holds)); assert(name)
#else
#define invariant(name, holds) name = (holds); assert(name)
#endif

/* Could worker v send to x without a pull, or has it sent? */
#define aims(v, x) (table[v] == ONLINE(x) || doing[v] == INCR(x) || late[v] == INCR(x))
#define isDrained(v) (doing[v] == NOTHING && late[v] == NOTHING)
#define isStill(v) (isDrained(v) && !isOnline(table[v]) && !isMigrate(table[v]))

inline send(w, x) {
  invariant(I1, (w == 0 || !aims(0, other(x))) && (w == 1 || !aims(1, other(x)))
                && (w == 2 || !aims(2, other(x))));
  invariant(I2, !isQuiet[proxyOf(w)]);
  doing[w] = INCR(x);
  printf("worker %d sends to %c\n", w, 'A' + x)
}

/* The increment runs on x: it must be the only copy, and nothing may be missing from it. */
inline execute(x) {
  printf("%c increments %d\n", 'A' + x, value[x]);
  invariant(I4, value[other(x)] == 0);
  invariant(LOST, value[x] >= acknowledged);
  invariant(STRAY, value[x] == truth);
  value[x]++;
  truth++
}

/* x takes what connection c has sent it. NOKEY is as good as moved. */
#define takes(x) \
  :: atomic { doing[c] == INCR(x) && !busy[x] -> \
      execute(x); acknowledged = value[x]; doing[c] = NOTHING } \
  :: atomic { doing[c] == PULL(x) && !busy[x] && value[x] == 0 -> doing[c] = PULLED(x) } \
  :: atomic { doing[c] == PULL(x) && !busy[x] && value[x] > 0 -> \
      busy[x] = c + 1; copy[x] = value[x]; doing[c] = RUNNING } \
  :: atomic { late[c] == INCR(x) && !busy[x] -> \
      printf("late: "); execute(x); late[c] = NOTHING } \
  :: atomic { late[c] == PULL(x) && !busy[x] && value[x] == 0 -> late[c] = NOTHING } \
  :: atomic { late[c] == PULL(x) && !busy[x] && value[x] > 0 -> \
      printf("late: %c pulls\n", 'A' + x); busy[x] = c + 1; copy[x] = value[x]; late[c] = RUNNING }

proctype Connection(byte c) {
end:
  do
  takes(A)
  takes(B)
  /* Lost with its connection, or the server was made to close that. */
  :: atomic { late[c] != NOTHING && late[c] != RUNNING -> late[c] = NOTHING }
  od
}

/* To the connection that asked, if whoever opened it still has it. */
inline answer(x, outcome) {
  if
  :: doing[busy[x] - 1] == RUNNING -> doing[busy[x] - 1] = outcome
  :: else -> late[busy[x] - 1] = NOTHING
  fi;
  busy[x] = 0
}

/* Server x while it runs a MIGRATE ... REPLACE to the other; it does nothing else then. */
proctype Migration(byte x) {
end:
  do
  :: atomic { copy[x] > 0 && !busy[other(x)] ->
      value[other(x)] = copy[x]; copy[x] = 0; printf("key copied to %c\n", 'A' + other(x)) }
  :: atomic { busy[x] && copy[x] == 0 ->
      value[x] = 0; answer(x, PULLED(x)); printf("key deleted on %c\n", 'A' + x) }
  /* IOERR, before or after the copy was made: in this case the key is on both. */
  :: atomic { busy[x] && failedPulls > 0 ->
      failedPulls--; printf("pull from %c fails\n", 'A' + x);
#ifdef BREAK_LATE_RESTORE
      lateCopy[x] = copy[x];
#endif
      copy[x] = 0; answer(x, FAILED(x)) }
  :: atomic { lateCopy[x] > 0 && !busy[other(x)] ->
      value[other(x)] = lateCopy[x]; lateCopy[x] = 0; printf("late: copy to %c\n", 'A' + other(x)) }
  od
}

/* After IOERR: again, unless the slot has come into another state; then the command is parked. */
inline pullFailed(w, x) {
#ifdef BREAK_I4
  send(w, other(x))
#else
  if
  :: table[w] == MIGRATE(x) -> doing[w] = PULL(x)
  :: else -> doing[w] = NOTHING; commands++
  fi
#endif
}

/* A worker and its clients. It takes nothing up while its gate is closed. */
proctype Worker(byte w) {
end:
  do
  :: atomic { commands > 0 && doing[w] == NOTHING && isOnline(table[w]) ->
      commands--; send(w, serverOf(table[w])) }
  :: atomic { commands > 0 && doing[w] == NOTHING && isMigrate(table[w]) && isGone[w] ->
      commands--; send(w, other(serverOf(table[w]))) }
  :: atomic { commands > 0 && doing[w] == NOTHING && isMigrate(table[w]) && !isGone[w] ->
      commands--; doing[w] = PULL(serverOf(table[w])); printf("worker %d pulls\n", w) }
  :: atomic { doing[w] == PULLED(A) -> isGone[w] = (table[w] == MIGRATE(A)); send(w, B) }
  :: atomic { doing[w] == PULLED(B) -> isGone[w] = (table[w] == MIGRATE(B)); send(w, A) }
  :: atomic { doing[w] == FAILED(A) -> pullFailed(w, A) }
  :: atomic { doing[w] == FAILED(B) -> pullFailed(w, B) }
  od
}

/* The worker takes the new table over. */
inline adopt(w) {
  table[w] = got[proxyOf(w)];
  isQuiet[proxyOf(w)] = false;
#ifndef BREAK_MEMORY
  isGone[w] = false;
#endif
  printf("worker %d has table %d\n", w, table[w])
}

inline acknowledge(p) {
  invariant(I2, !isPreMigrate(got[p])
                || (p == 0 && isStill(0) && isStill(1)) || (p == 1 && isStill(2)));
  isHandled[p] = isNewest[p];
#ifdef BREAK_JOIN
  isRegistered[p] = true;
#endif
  isQuiet[p] = isPreMigrate(got[p]);
  printf("proxy %d acknowledges table %d\n", p, got[p])
}

/* May worker v be acknowledged for? */
#if defined(BREAK_I2)
#define mayAnswerFor(v) true
#elif defined(BREAK_I2_PULLS)
#define mayAnswerFor(v) (doing[v] != INCR(A) && doing[v] != INCR(B) && late[v] == NOTHING)
#elif defined(BREAK_LATE_COMMAND)
#define mayAnswerFor(v) (doing[v] == NOTHING)
#else
#define mayAnswerFor(v) isDrained(v)
#endif

/* Proxy p takes an action up: reads the record anew, tells its workers, drains, acknowledges. */
proctype Follower(byte p) {
end:
  do
  :: atomic { follower[p] == IDLE && alive[p] && !isCutOff[p] && !isHandled[p] ->
      isNewest[p] = true; got[p] = record; adopt(2 * p);
      follower[p] = (p == 0 -> TELLING : DRAINING) }
  :: atomic { follower[p] == TELLING -> adopt(1); follower[p] = DRAINING }
#ifdef BREAK_I2_WORKERS
  :: atomic { follower[p] == TELLING && !isCutOff[p] && !isHandled[p] && mayAnswerFor(0) ->
      acknowledge(p) }
#endif
  :: atomic { follower[p] == DRAINING && !isCutOff[p] && (!isPreMigrate(got[p])
              || (p == 0 && mayAnswerFor(0) && mayAnswerFor(1)) || (p == 1 && mayAnswerFor(2))) ->
      acknowledge(p); follower[p] = IDLE }
  od
}

/* Is the mover done with waiting for p? Its process may have ended: so has what it left behind. */
#if defined(BREAK_I3)
#define isResolved(p) true
#elif defined(BREAK_FENCE)
#define isResolved(p) (isHandled[p] || !alive[p] && nothingLate(p) || isCutOff[p])
#elif defined(BREAK_JOIN)
#define isResolved(p) ((isHandled[p] || !isRegistered[p]) && nothingLate(p))
#elif defined(BREAK_LATE_COMMAND)
#define isResolved(p) (isHandled[p] || !alive[p] && nothingLate(p))
#elif defined(BREAK_LATE_PROXY)
#define isResolved(p) (isHandled[p] || !alive[p])
#else
#define isResolved(p) ((isHandled[p] || !alive[p]) && nothingLate(p))
#endif
#define nothingLate(p) (p == 0 && late[0] == NOTHING && late[1] == NOTHING || \
                        p == 1 && late[2] == NOTHING)

inline write(status) {
  record = status;
  mover = ANNOUNCING;
  printf("record %d\n", record)
}

inline publishMigrate(x) {
  invariant(I3, isStill(0) && isStill(1) && isStill(2));
  write(MIGRATE(x))
}

inline publishOnline(x) {
  invariant(I5, value[other(x)] == 0 && copy[other(x)] == 0);
  goal = x;
  write(ONLINE(x))
}

/* All that it knows is in the coordinator: after a crash it goes on from there. */
proctype Mover() {
end:
  do
#ifdef BREAK_LATE_MOVER
  :: atomic { mover == STARTING -> mover = ANNOUNCING }
#else
  :: atomic { mover == STARTING && late[MOVER] == NOTHING -> mover = ANNOUNCING }
#endif
  /* A successor announces again: it can not know whether that was done. */
  :: atomic { mover == ANNOUNCING -> 
      isHandled[0] = false; isHandled[1] = false; isNewest[0] = false; isNewest[1] = false;
      mover = DECIDING; printf("action announced\n") }
  :: atomic { mover == DECIDING && record == ONLINE(goal) -> mover = DONE }
  :: atomic { mover == DECIDING && isOnline(record) && record != ONLINE(goal) ->
#ifdef BREAK_I1
      write(MIGRATE(A)) }
#else
      write(PRE_MIGRATE(A)) }
#endif
  :: atomic { mover == DECIDING && isPreMigrate(record) -> mover = WAITING }
  :: atomic { mover == DECIDING && isMigrate(record) -> mover = MOVING }

  :: atomic { mover == WAITING && asking < PROXIES && isResolved(asking) -> asking++ }
  :: atomic { mover == WAITING && asking == PROXIES ->
      asking = 0; publishMigrate(serverOf(record)) }
  /* The deadline has passed: back to the state before; of a move that had not begun, for good? */
  :: atomic { mover == WAITING && record == PRE_MIGRATE(A) && rollbacks > 0 ->
      rollbacks--; asking = 0; write(ONLINE(A)) }
  :: atomic { mover == WAITING && record == PRE_MIGRATE(A) && rollbacks > 0 ->
      rollbacks--; asking = 0; goal = A; write(ONLINE(A)) }
  :: atomic { mover == WAITING && record == PRE_MIGRATE(B) && rollbacks > 0 ->
      rollbacks--; asking = 0; goal = B; write(MIGRATE(A)) }

  :: atomic { mover == MOVING && doing[MOVER] == NOTHING && record == MIGRATE(A) && cancels > 0 ->
      cancels--; goal = A;
#ifdef BREAK_CANCEL
      write(MIGRATE(B)) }
#else
      write(PRE_MIGRATE(B)) }
#endif
  :: atomic { mover == MOVING && doing[MOVER] == NOTHING -> doing[MOVER] = PULL(serverOf(record)) }
  :: atomic { doing[MOVER] == PULLED(A) -> doing[MOVER] = NOTHING; publishOnline(B) }
  :: atomic { doing[MOVER] == PULLED(B) -> doing[MOVER] = NOTHING; publishOnline(A) }
#ifdef BREAK_I5
  :: atomic { doing[MOVER] == FAILED(A) -> doing[MOVER] = NOTHING; publishOnline(B) }
  :: atomic { doing[MOVER] == FAILED(B) -> doing[MOVER] = NOTHING; publishOnline(A) }
#else
  :: atomic { doing[MOVER] == FAILED(A) || doing[MOVER] == FAILED(B) -> doing[MOVER] = NOTHING }
#endif
  od
}

#define isAtServer(what) ((what) >= INCR(A) && (what) <= RUNNING)

/* Its owner is done with the connection; what the server has been sent may still be executed. */
inline abandon(c) {
  if
  :: isAtServer(doing[c]) -> late[c] = doing[c]
  :: else
  fi;
  doing[c] = NOTHING
}

inline forget(w) {
  abandon(w);
  table[w] = NO_TABLE;
  isGone[w] = false
}

inline crash(p) {
  crashes--;
  printf("proxy %d is killed\n", p);
  alive[p] = false;
#ifdef BREAK_JOIN
  isRegistered[p] = false;
#endif
  follower[p] = 0;
  isNewest[p] = false;
  got[p] = NO_TABLE;
  isQuiet[p] = false;
  isHandled[p] = false
}

/* A worker has waited too long for an answer: the client gets an error. */
#define givesUp(w) \
  :: atomic { crashes > 0 && isAtServer(doing[w]) && late[w] == NOTHING -> \
      crashes--; abandon(w); printf("worker %d gives up\n", w) }
#define isCutOffFor(p) \
  :: atomic { partitions > 0 && alive[p] -> \
      partitions--; isCutOff[p] = true; printf("proxy %d is cut off\n", p) } \
  :: atomic { isCutOff[p] -> isCutOff[p] = false; printf("proxy %d is back\n", p) } \
  :: atomic { !alive[p] -> alive[p] = true; printf("proxy %d is started\n", p) }

proctype Faults() {
end:
  do
  :: atomic { crashes > 0 && alive[0] && late[0] == NOTHING && late[1] == NOTHING ->
      crash(0); forget(0); forget(1) }
  :: atomic { crashes > 0 && alive[1] && late[2] == NOTHING -> crash(1); forget(2) }
  :: atomic { crashes > 0 && mover != DONE && mover != STARTING && late[MOVER] == NOTHING ->
      crashes--; abandon(MOVER); mover = STARTING; asking = 0; printf("the mover is killed\n") }
  givesUp(0)
  givesUp(1)
  givesUp(2)
  isCutOffFor(0)
  isCutOffFor(1)
  od
}

/* Nothing can go on. */
inline checkEnd(x) {
  invariant(LOST, value[x] >= acknowledged);
  invariant(STRAY, value[x] == truth && value[other(x)] == 0 && table[0] == ONLINE(x)
                   && table[1] == ONLINE(x) && table[2] == ONLINE(x))
}

init {
  atomic {
    value[A] = INITIAL; truth = INITIAL; acknowledged = INITIAL;
    alive[0] = true; alive[1] = true;
#ifdef BREAK_JOIN
    isRegistered[0] = true; isRegistered[1] = true;
#endif
    isHandled[0] = true; isHandled[1] = true;
    table[0] = ONLINE(A); table[1] = ONLINE(A); table[2] = ONLINE(A);
    run Mover(); run Follower(0); run Follower(1);
    run Worker(0); run Worker(1); run Worker(2);
    run Connection(0); run Connection(1); run Connection(2); run Connection(MOVER);
    run Migration(A); run Migration(B);
    run Faults()
  }
  atomic {
    timeout ->
    invariant(STUCK, mover == DONE && record == ONLINE(goal) && commands == 0
                     && isDrained(0) && isDrained(1) && isDrained(2) && isDrained(MOVER));
    checkEnd(serverOf(record))
  }
}

#ifdef LIVENESS
ltl settles { <> (mover == DONE && isOnline(record)) }
#endif
