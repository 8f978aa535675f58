// redigo: see ../../other-libraries.test.ts for what each step is about.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/gomodule/redigo/redis"
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintln(os.Stderr, what, err)
		os.Exit(1)
	}
}

func expect(is bool, what string) {
	if !is {
		check(fmt.Errorf("is not as expected"), what)
	}
}

func main() {
	pool := &redis.Pool{Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", "127.0.0.1:"+os.Args[1], redis.DialPassword("secret"))
	}}
	c := pool.Get()
	_, err := c.Do("PING")
	check(err, "ping")
	fmt.Println("connect")

	for n := 0; n < 500; n++ {
		check(c.Send("SET", fmt.Sprint("p", n), n), "send")
		check(c.Send("GET", fmt.Sprint("p", n)), "send")
	}
	check(c.Flush(), "flush")
	for n := 0; n < 500; n++ {
		_, err = c.Receive()
		check(err, "pipeline")
		got, err := redis.Int(c.Receive())
		check(err, "pipeline")
		expect(got == n, "pipeline")
	}
	fmt.Println("pipeline")

	check(c.Send("MULTI"), "multi")
	check(c.Send("SET", "{t}a", 1), "multi")
	check(c.Send("INCR", "{t}a"), "multi")
	replies, err := redis.Values(c.Do("EXEC"))
	check(err, "exec")
	expect(len(replies) == 2 && replies[1] == int64(2), "exec")
	fmt.Println("transaction")

	ear := redis.PubSubConn{Conn: pool.Get()}
	check(ear.Subscribe("news"), "subscribe")
	_, isConfirmed := ear.Receive().(redis.Subscription)
	expect(isConfirmed, "subscribe")
	_, err = c.Do("PUBLISH", "news", "hello")
	check(err, "publish")
	message, isMessage := ear.Receive().(redis.Message)
	expect(isMessage && string(message.Data) == "hello", "message")
	check(ear.Close(), "close")
	fmt.Println("pubsub")

	popped := make(chan []string)
	go func() {
		job, err := redis.Strings(pool.Get().Do("BLPOP", "queue", 10))
		check(err, "blpop")
		popped <- job
	}()
	_, err = c.Do("RPUSH", "queue", "job")
	check(err, "rpush")
	expect((<-popped)[1] == "job", "blpop")
	fmt.Println("blocking")

	seen := map[string]bool{}
	for cursor := "0"; ; {
		page, err := redis.Values(c.Do("SCAN", cursor, "MATCH", "p*", "COUNT", 100))
		check(err, "scan")
		var keys []string
		_, err = redis.Scan(page, &cursor, &keys)
		check(err, "scan")
		for _, key := range keys {
			seen[key] = true
		}
		if cursor == "0" {
			break
		}
	}
	expect(len(seen) == 500, "scan")
	fmt.Println("scan")

	value, err := redis.Int(redis.NewScript(1, "return redis.call('GET', KEYS[1])").Do(c, "p7"))
	check(err, "script")
	expect(value == 7, "script")
	fmt.Println("script")

	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	_, err = c.Do("GET", "p7")
	expect(err != nil, "the connection has outlived the proxy")
	c.Close()
	value, err = redis.Int(pool.Get().Do("GET", "p7"))
	check(err, "reconnect")
	expect(value == 7, "reconnect")
	fmt.Println("reconnect")
}
