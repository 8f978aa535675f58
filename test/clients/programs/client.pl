# Perl's Redis: see ../other-libraries.test.ts for what each step is about.
use strict;
use warnings;
use Redis;

$| = 1;
my $port = shift;
my $open_it = sub {
  Redis->new(server => "127.0.0.1:$port", password => 'secret', reconnect => 10, every => 100_000);
};
my $r = $open_it->();
die 'ping' unless $r->ping eq 'PONG';
print "connect\n";

my @got;
for my $n (0 .. 499) {
  $r->set("p$n", $n, sub { });
  $r->get("p$n", sub { push @got, $_[0] });
}
$r->wait_all_responses;
die 'pipeline' unless "@got" eq join ' ', 0 .. 499;
print "pipeline\n";

$r->multi;
$r->set('{t}a', 1);
$r->incr('{t}a');
my @replies = $r->exec;
die 'exec' unless "@replies" eq 'OK 2';
print "transaction\n";

my $ear = $open_it->();
my $heard = '';
$ear->subscribe('news', sub { $heard = $_[0] });
$r->publish('news', 'hello');
for (1 .. 100) {
  last if $heard;
  $ear->wait_for_messages(0.1);
}
die 'message' unless $heard eq 'hello';
print "pubsub\n";

my $popper = $open_it->();
my $job;
$popper->blpop('queue', 10, sub { $job = $_[0] });
$r->rpush('queue', 'job');
$popper->wait_all_responses;
die 'blpop' unless $job->[1] eq 'job';
print "blocking\n";

my ($cursor, %seen) = (0);
do {
  ($cursor, my $keys) = $r->scan($cursor, MATCH => 'p*', COUNT => 100);
  $seen{$_} = 1 for @$keys;
} while ($cursor);
die 'scan' unless keys %seen == 500;
print "scan\n";

my $text = "return redis.call('GET', KEYS[1])";
die 'eval' unless $r->eval($text, 1, 'p7') eq '7';
die 'evalsha' unless $r->evalsha($r->script_load($text), 1, 'p7') eq '7';
print "script\n";

print "ready\n";
<STDIN>;
die 'reconnect' unless $r->get('p7') eq '7';
print "reconnect\n";
