/*
 * Keys on the move, and masters that fail over: the pulls of docs/handoff.md as they are made where
 * groups have replicas (COPY, WAIT, UNLINK). handoff.pml has the gates and the tables; here the slot is
 * in `migrate` from A to B at every proxy, and stays so until it is online at B.
 *
 * One key, a counter. Two groups, each a master with a replica that lags, and takes its place at any
 * time, once. Two workers that pull the key and then increment it (or delete it) at B; the mover, which
 * pulls it and sets the slot online. A pull may fail half-way; an old master that hung may execute
 * later what it was sent.
 *
 *   spin -a handoff-failover.pml && gcc -O2 -w -DSAFETY -o pan pan.c && ./pan -m10000
 *
 * BREAK_... leaves a rule out; each must make the checker find a violation.
 */

#ifndef COMMANDS
#define COMMANDS 2
#endif
#ifndef DELETIONS
#define DELETIONS 0
#endif
/* MIGRATE says IOERR, before or after the copy was made. */
#ifndef FAILED_PULLS
#define FAILED_PULLS 1
#endif
/* How often a worker does not wait for replicas of A, as they lag. */
#ifndef SKIPS
#define SKIPS 1
#endif
/* The old master of A hung: it executes a MIGRATE late, or serves one who has not heard of the new one. */
#ifndef HANGS
#define HANGS 1
#endif

#define A 0
#define B 1
#define PULLERS 3
#define MOVER 2

/* A pull, and what comes after it. */
#define IDLE 0
#define COPYING 1
#define REPLACING 2
#define WAITING_B 3
#define SAFE_AT_B 4
#define UNLINKING 5
#define WAITING_A 6
#define HEARD_AT_A 7
#define CONFIRMING 8 /* before REPLACE: is A still the master, has it a replica? */
#define CONFIRMED 9

byte value[2];   /* at the master; 0: there is no key */
byte replica[2]; /* what its replica has */
bool hasReplica[2] = true;
bool keepsTarget; /* the slot's mark: A has failed over since the keys began to move */
bool isOnline;

/* The old master of A, after it was replaced: what it has, and who does not know better. */
byte zombie;
bool isZombie;
bool isBlind[PULLERS];
byte late; /* a copy without REPLACE that is still to come to B */

byte doing[PULLERS];
bool isGone[PULLERS];
byte commands = COMMANDS, deletions = DELETIONS, failedPulls = FAILED_PULLS;
byte skips = SKIPS, hangs = HANGS;

/* What somebody knows who sees everything. */
bool isOwnerB;     /* the copy at B counts: A has deleted its own, or B's was changed */
byte handed;       /* what the key was then: B's replica must have no less */
byte acknowledged; /* answers that clients got, but for what asynchronous replication may lose */
bool isDeleted;

hidden byte LOST, STRAY;
#ifdef ONLY_LOST
#define stray(holds)
#else
#define stray(holds) STRAY = (holds); assert(STRAY)
#endif
#ifdef ONLY_STRAY
#define lost(holds)
#else
#define lost(holds) LOST = (holds); assert(LOST)
#endif

#define theirs(p) (isBlind[p] -> zombie : value[A])

/* Without REPLACE: B keeps what it has, and says so. */
proctype Puller(byte p) {
  byte has;
end:
  do
  :: atomic { doing[p] == IDLE && !isOnline && (p == MOVER || !isGone[p] && commands + deletions > 0) ->
      doing[p] = COPYING }
  :: atomic { doing[p] == COPYING && theirs(p) == 0 -> doing[p] = UNLINKING }
#ifdef BREAK_REPLACE
  :: atomic { doing[p] == COPYING && theirs(p) > 0 -> value[B] = theirs(p); doing[p] = WAITING_B }
#else
  :: atomic { doing[p] == COPYING && theirs(p) > 0 && value[B] == 0 ->
      value[B] = theirs(p); printf("%d copies %d\n", p, value[B]); doing[p] = WAITING_B }
  /* BUSYKEY. A blind worker has not heard of the mark either. */
  :: atomic { doing[p] == COPYING && theirs(p) > 0 && value[B] > 0 ->
#ifdef BREAK_KEEP
      doing[p] = CONFIRMING }
#else
      doing[p] = (keepsTarget && !isBlind[p] -> WAITING_B : CONFIRMING) }
#endif
#endif
#ifdef BREAK_CONFIRM
  :: atomic { doing[p] == CONFIRMING -> doing[p] = REPLACING }
#else
  /* The old master has no replicas any more; a new one has none yet, and there the mark decides. */
  :: atomic { doing[p] == CONFIRMING && !hasReplica[A] && !isBlind[p] -> doing[p] = REPLACING }
  :: atomic { doing[p] == CONFIRMING && isBlind[p] -> doing[p] = IDLE; isBlind[p] = false }
  :: atomic { doing[p] == CONFIRMED -> doing[p] = REPLACING }
#endif
  :: atomic { doing[p] == REPLACING ->
      if
      :: theirs(p) > 0 -> value[B] = theirs(p); printf("%d replaces by %d\n", p, value[B])
      :: else
      fi;
      doing[p] = WAITING_B }
#ifdef BREAK_WAIT_TARGET
  :: atomic { doing[p] == WAITING_B -> doing[p] = SAFE_AT_B }
#else
  :: atomic { doing[p] == WAITING_B && !hasReplica[B] -> doing[p] = SAFE_AT_B }
#endif
  :: atomic { doing[p] == SAFE_AT_B -> doing[p] = UNLINKING }
  :: atomic { doing[p] == UNLINKING && isBlind[p] -> zombie = 0; doing[p] = WAITING_A }
  :: atomic { doing[p] == UNLINKING && !isBlind[p] ->
      if
      :: value[A] > 0 && !isOwnerB -> isOwnerB = true; handed = value[A]
      :: else
      fi;
      value[A] = 0; printf("%d has it deleted at A\n", p); doing[p] = WAITING_A }
  :: atomic { doing[p] == WAITING_A && !hasReplica[A] -> doing[p] = HEARD_AT_A; isBlind[p] = false }
#ifdef BREAK_WAIT_SOURCE
  :: atomic { doing[p] == WAITING_A -> doing[p] = HEARD_AT_A; isBlind[p] = false }
#endif
  /* Clients do not wait for long; the mover does. */
  :: atomic { doing[p] == WAITING_A && p != MOVER && (skips > 0 || isBlind[p]) ->
      if
      :: isBlind[p] -> isBlind[p] = false
      :: else -> skips--; printf("%d does not wait\n", p)
      fi;
      doing[p] = HEARD_AT_A }
  :: atomic { doing[p] == HEARD_AT_A && p != MOVER -> doing[p] = IDLE; isGone[p] = true }
  :: atomic { doing[p] == HEARD_AT_A && p == MOVER ->
      doing[p] = IDLE;
      if
      :: value[A] == 0 -> isOnline = true; printf("online\n")
      :: else
      fi }

  :: atomic { doing[p] > COPYING && doing[p] < WAITING_B && failedPulls > 0 ->
      failedPulls--; doing[p] = IDLE; printf("%d: IOERR\n", p) }
  :: atomic { doing[p] == WAITING_B && failedPulls > 0 ->
      failedPulls--; doing[p] = IDLE; printf("%d: IOERR, copied\n", p) }

  :: atomic { p != MOVER && doing[p] == IDLE && (isGone[p] || isOnline) && commands > 0 ->
      commands--;
      lost(value[B] >= acknowledged);
      stray(!isDeleted || value[B] == 0);
      value[B]++; acknowledged = value[B]; isOwnerB = true; isDeleted = false;
      printf("%d increments to %d\n", p, value[B]) }
  :: atomic { p != MOVER && doing[p] == IDLE && (isGone[p] || isOnline) && deletions > 0 ->
      deletions--;
      lost(value[B] >= acknowledged);
      value[B] = 0; acknowledged = 0; handed = 0; isOwnerB = true; isDeleted = true;
      printf("%d deletes\n", p) }
  od
}

/* What the master has done until now is at its replica: those who wait are told. */
inline caughtUp(x, waiting, told) {
  replica[x] = value[x];
  if :: doing[0] == waiting && !(x == A && isBlind[0]) -> doing[0] = told :: else fi;
  if :: doing[1] == waiting && !(x == A && isBlind[1]) -> doing[1] = told :: else fi;
  if :: doing[2] == waiting -> doing[2] = told :: else fi
}

/*
 * The connections to the old master are lost, and with them what was under way; or it has only hung, and
 * serves those who have not heard of the new one. (It did not hang just when it was sent REPLACE: a
 * moment before, it had answered.)
 */
#define mayGoOn(p) (p != MOVER && doing[p] != HEARD_AT_A && doing[p] != REPLACING \
                    && doing[p] != CONFIRMED && !(doing[p] == IDLE && isGone[p]))
inline loses(p) {
  if
  :: isZombie && mayGoOn(p) -> isBlind[p] = true
  :: doing[p] != HEARD_AT_A -> doing[p] = IDLE
  :: doing[p] == HEARD_AT_A && p == MOVER -> doing[p] = IDLE
  :: else
  fi
}

proctype Groups() {
end:
  do
  :: atomic { hasReplica[A] && (replica[A] != value[A] || doing[0] == WAITING_A || doing[1] == WAITING_A
              || doing[2] == WAITING_A) -> caughtUp(A, WAITING_A, HEARD_AT_A) }
  :: atomic { hasReplica[A] && (doing[0] == CONFIRMING || doing[1] == CONFIRMING
              || doing[2] == CONFIRMING) -> caughtUp(A, CONFIRMING, CONFIRMED) }
  :: atomic { hasReplica[B] && (replica[B] != value[B] || doing[0] == WAITING_B || doing[1] == WAITING_B
              || doing[2] == WAITING_B) -> caughtUp(B, WAITING_B, SAFE_AT_B) }

  :: atomic { hasReplica[A] ->
      printf("A fails over: %d instead of %d\n", replica[A], value[A]);
      if
      :: hangs > 0 -> hangs--; isZombie = true; zombie = value[A];
        if
        :: doing[0] == COPYING || doing[1] == COPYING || doing[2] == COPYING -> late = value[A]
        :: true
        fi
      :: true
      fi;
      hasReplica[A] = false; value[A] = replica[A]; keepsTarget = !isOnline;
      if
      :: !isOwnerB && acknowledged > value[A] -> acknowledged = value[A]
      :: else
      fi;
      loses(0); loses(1); loses(2) }
  :: atomic { late > 0 ->
      if
      :: value[B] == 0 -> value[B] = late; printf("late: copy of %d\n", late)
      :: else
      fi;
      late = 0 }

  :: atomic { hasReplica[B] ->
      printf("B fails over: %d instead of %d\n", replica[B], value[B]);
      hasReplica[B] = false; value[B] = replica[B];
      if
      :: isOwnerB && replica[B] >= handed && (replica[B] > 0 || handed == 0) ->
        if
        :: acknowledged > replica[B] -> acknowledged = replica[B]
        :: else
        fi;
        isDeleted = isDeleted && replica[B] == 0
      :: else
      fi;
      if :: doing[0] >= COPYING && doing[0] <= WAITING_B -> doing[0] = IDLE; isBlind[0] = false :: else fi;
      if :: doing[1] >= COPYING && doing[1] <= WAITING_B -> doing[1] = IDLE; isBlind[1] = false :: else fi;
      if :: doing[2] >= COPYING && doing[2] <= WAITING_B -> doing[2] = IDLE :: else fi }
  od
}

init {
  atomic {
    value[A] = 2; acknowledged = 2;
    if
    :: replica[A] = 1 /* it lags */
    :: replica[A] = 2
    fi;
    run Puller(0); run Puller(1); run Puller(MOVER); run Groups()
  }
  atomic {
    timeout ->
    assert(isOnline && commands == 0 && deletions == 0);
    lost(value[B] >= acknowledged);
    stray(value[A] == 0 && (!isDeleted || value[B] == 0))
  }
}
