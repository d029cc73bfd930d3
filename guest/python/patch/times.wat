;; SPDX-License-Identifier: Apache-2.0
;; Local time may be another than UTC.

;; The C library has UTC alone. guest/python/skerry_zones.py lays out a table of a zone's offsets and
;; asks, as it asks the host, that it count: "z" and its address, or 0. The address stands in a word of
;; dotlockIoMethods that is 0 in the beginning, and which nothing reads any more.
(func (export "host_call: call host_door_call, 1 of 1")
    (param $frame i32) (param $length i32) (param $answer i32) (param $answer_length i32) (result i32)
  (if (i32.eq (local.get $length) (i32.const 5))
    (then
      (if (i32.eq (i32.load8_u (local.get $frame)) (i32.const 122))
        (then
          (i32.store (i32.const 25860480) (i32.load offset=1 align=1 (local.get $frame)))
          (return (i32.const 0))))))
  (call $ask_host (local.get $frame) (local.get $length) (local.get $answer) (local.get $answer_length)))

;; What counts at a time, in seconds of UTC, or where $local is set of local time.
;;
;;   table   entries 0, end 8: from here on, what was 400 years earlier, a number of weeks, comes again;
;;           addresses of the names of standard 4 and of summer time 16
;;   entry (24 bytes, the first from 24 on)   since 0, offset 8, whether it is summer time 12,
;;           the offset of the other kind 16, address of the name 20
(func (export "__secs_to_zone")
    (param $time i64) (param $local i32) (param $is_summer i32) (param $offset i32) (param $other i32)
    (param $name i32)
  (local $table i32) (local $low i32) (local $high i32) (local $middle i32) (local $entry i32)
  (local.set $table (i32.load (i32.const 25860480)))
  (if (i32.eqz (local.get $table))
    (then
      (call $utc (local.get $time) (local.get $local) (local.get $is_summer) (local.get $offset)
        (local.get $other) (local.get $name))
      (return)))
  (if (i64.ge_s (local.get $time) (i64.load offset=8 (local.get $table)))
    (then
      (local.set $time (i64.sub (local.get $time)
        (i64.mul (i64.const 12622780800)
          (i64.add (i64.const 1)
            (i64.div_s (i64.sub (local.get $time) (i64.load offset=8 (local.get $table)))
                       (i64.const 12622780800))))))))
  (local.set $high (i32.load (local.get $table)))
  (local.set $table (i32.add (local.get $table) (i32.const 24)))
  (block $found
    (loop $search
      (local.set $middle (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1)))
      (br_if $found (i32.eq (local.get $middle) (local.get $low)))
      (local.set $entry (i32.add (local.get $table) (i32.mul (local.get $middle) (i32.const 24))))
      ;; Local time that is left out or comes twice goes by the offset before.
      (if (i64.lt_s
            (if (result i64) (local.get $local)
              (then (i64.sub (local.get $time)
                (call $larger
                  (i64.load32_s (i32.sub (local.get $entry) (i32.const 16)))
                  (i64.load32_s offset=8 (local.get $entry)))))
              (else (local.get $time)))
            (i64.load (local.get $entry)))
        (then (local.set $high (local.get $middle)))
        (else (local.set $low (local.get $middle))))
      (br $search)))
  (local.set $entry (i32.add (local.get $table) (i32.mul (local.get $low) (i32.const 24))))
  (if (local.get $is_summer)
    (then (i32.store (local.get $is_summer) (i32.load offset=12 (local.get $entry)))))
  (if (local.get $offset)
    (then (i32.store (local.get $offset) (i32.load offset=8 (local.get $entry)))))
  (if (local.get $other)
    (then (i32.store (local.get $other) (i32.load offset=16 (local.get $entry)))))
  (if (local.get $name)
    (then (i32.store (local.get $name) (i32.load offset=20 (local.get $entry))))))

(func $larger (param i64 i64) (result i64)
  (select (local.get 0) (local.get 1) (i64.gt_s (local.get 0) (local.get 1))))

;; The name that a time has; of one that was made of numbers, that of the kind which it says.
(func (export "__tm_to_tzname") (param $time i32) (result i32)
  (local $table i32)
  (local.set $table (i32.load (i32.const 25860480)))
  (if (i32.or (i32.load offset=40 (local.get $time)) (i32.eqz (local.get $table)))
    (then (return (i32.load offset=40 (local.get $time)))))
  (if (i32.load offset=32 (local.get $time))
    (then (return (i32.load offset=16 (local.get $table)))))
  (i32.load offset=4 (local.get $table)))
