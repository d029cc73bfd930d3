;; SPDX-License-Identifier: Apache-2.0
;; SQLite has locks and write-ahead logs.

;; It would lock a file by making a directory beside it, which keeps readers from each other, and has
;; no memory that connections share, without which there is no write-ahead log. It takes its methods
;; for POSIX instead, posixIoMethods. All connections are this one process's, so that what they share
;; is memory like any other: xShmMap, xShmLock, xShmBarrier and xShmUnmap are added below.
;;
;;   file      inode 8, its share of the memory (or 0) 36
;;   inode     the memory (or 0) 40
;;   memory    shares 0, regions 4, their addresses 8, eight locks 12: -1 exclusive, else how many share it
;;   share     memory 0, bits of locks shared 4, of locks held alone 8
(func (export "posixIoFinderImpl") (export "dotlockIoFinderImpl") (param i32 i32) (result i32)
  (if (i32.eqz (i32.load (i32.const 25860328)))
    (then
      (i32.store (i32.const 25860328) (global.get $shm_map))
      (i32.store (i32.const 25860332) (global.get $shm_lock))
      (i32.store (i32.const 25860336) (global.get $shm_barrier))
      (i32.store (i32.const 25860340) (global.get $shm_unmap))))
  (i32.const 25860276))

;; F_GETLK is 7, F_SETLK 8, F_SETLKW 9: only SQLite asks, and no other process holds a lock.
(func (export "fcntl") (param $fd i32) (param $command i32) (param $arguments i32) (result i32)
  (if (i32.gt_u (i32.sub (local.get $command) (i32.const 7)) (i32.const 2))
    (then (return (call $fcntl (local.get $fd) (local.get $command) (local.get $arguments)))))
  ;; F_UNLCK
  (if (i32.eq (local.get $command) (i32.const 7))
    (then (i32.store16 (i32.load (local.get $arguments)) (i32.const 2))))
  (i32.const 0))

;; The file's share; 0 where there is no memory for it.
(func $share_of (param $file i32) (result i32)
  (local $inode i32) (local $memory i32) (local $share i32)
  (local.set $share (i32.load offset=36 (local.get $file)))
  (if (local.get $share) (then (return (local.get $share))))
  (local.set $inode (i32.load offset=8 (local.get $file)))
  (local.set $memory (i32.load offset=40 (local.get $inode)))
  (if (i32.eqz (local.get $memory))
    (then
      (local.set $memory (call $calloc (i32.const 1) (i32.const 44)))
      (if (i32.eqz (local.get $memory)) (then (return (i32.const 0))))
      (i32.store offset=40 (local.get $inode) (local.get $memory))))
  (local.set $share (call $calloc (i32.const 1) (i32.const 12)))
  (if (i32.eqz (local.get $share)) (then (return (i32.const 0))))
  (i32.store (local.get $share) (local.get $memory))
  (i32.store (local.get $memory) (i32.add (i32.load (local.get $memory)) (i32.const 1)))
  (i32.store offset=36 (local.get $file) (local.get $share))
  (local.get $share))

(func (export "element: shm_map")
    (param $file i32) (param $number i32) (param $size i32) (param $extend i32) (param $answer i32)
    (result i32)
  (local $memory i32) (local $count i32) (local $regions i32) (local $region i32)
  (i32.store (local.get $answer) (i32.const 0))
  (local.set $memory (call $share_of (local.get $file)))
  (if (i32.eqz (local.get $memory)) (then (return (i32.const 7))))  ;; SQLITE_NOMEM
  (local.set $memory (i32.load (local.get $memory)))
  (block $done
    (loop $regions
      (local.set $count (i32.load offset=4 (local.get $memory)))
      (br_if $done (i32.lt_s (local.get $number) (local.get $count)))
      (local.set $regions (call $realloc (i32.load offset=8 (local.get $memory))
        (i32.shl (i32.add (local.get $count) (i32.const 1)) (i32.const 2))))
      (if (i32.eqz (local.get $regions)) (then (return (i32.const 7))))
      (i32.store offset=8 (local.get $memory) (local.get $regions))
      (local.set $region (call $calloc (i32.const 1) (local.get $size)))
      (if (i32.eqz (local.get $region)) (then (return (i32.const 7))))
      (i32.store (i32.add (local.get $regions) (i32.shl (local.get $count) (i32.const 2)))
        (local.get $region))
      (i32.store offset=4 (local.get $memory) (i32.add (local.get $count) (i32.const 1)))
      (br $regions)))
  (i32.store (local.get $answer)
    (i32.load (i32.add (i32.load offset=8 (local.get $memory))
                       (i32.shl (local.get $number) (i32.const 2)))))
  (i32.const 0))

;; SQLITE_SHM_UNLOCK is 1, SQLITE_SHM_LOCK 2, SQLITE_SHM_SHARED 4, SQLITE_SHM_EXCLUSIVE 8. SQLITE_BUSY,
;; 5, where another share has the lock.
(func (export "element: shm_lock")
    (param $file i32) (param $first i32) (param $count i32) (param $flags i32) (result i32)
  (local $share i32) (local $lock i32) (local $end i32) (local $bit i32) (local $bits i32)
  (local.set $share (i32.load offset=36 (local.get $file)))
  (local.set $lock (i32.add (i32.load (local.get $share)) (i32.shl (local.get $first) (i32.const 2))))
  (local.set $end (i32.add (local.get $lock) (i32.shl (local.get $count) (i32.const 2))))
  (local.set $bit (i32.shl (i32.const 1) (local.get $first)))
  (local.set $bits (i32.sub (i32.shl (local.get $bit) (local.get $count)) (local.get $bit)))
  (if (i32.and (local.get $flags) (i32.const 1))
    (then
      (loop $locks
        (if (i32.and (i32.load offset=8 (local.get $share)) (local.get $bit))
          (then (i32.store offset=12 (local.get $lock) (i32.const 0)))
          (else
            (if (i32.and (i32.load offset=4 (local.get $share)) (local.get $bit))
              (then (i32.store offset=12 (local.get $lock)
                (i32.sub (i32.load offset=12 (local.get $lock)) (i32.const 1)))))))
        (local.set $bit (i32.shl (local.get $bit) (i32.const 1)))
        (local.set $lock (i32.add (local.get $lock) (i32.const 4)))
        (br_if $locks (i32.lt_u (local.get $lock) (local.get $end))))
      (local.set $bits (i32.xor (local.get $bits) (i32.const -1)))
      (i32.store offset=4 (local.get $share)
        (i32.and (i32.load offset=4 (local.get $share)) (local.get $bits)))
      (i32.store offset=8 (local.get $share)
        (i32.and (i32.load offset=8 (local.get $share)) (local.get $bits)))
      (return (i32.const 0))))
  (if (i32.and (local.get $flags) (i32.const 4))
    (then
      (if (i32.and (i32.load offset=4 (local.get $share)) (local.get $bits))
        (then (return (i32.const 0))))
      (if (i32.lt_s (i32.load offset=12 (local.get $lock)) (i32.const 0))
        (then (return (i32.const 5))))
      (i32.store offset=12 (local.get $lock)
        (i32.add (i32.load offset=12 (local.get $lock)) (i32.const 1)))
      (i32.store offset=4 (local.get $share)
        (i32.or (i32.load offset=4 (local.get $share)) (local.get $bits)))
      (return (i32.const 0))))
  (loop $locks
    (if (i32.and (i32.ne (i32.load offset=12 (local.get $lock)) (i32.const 0))
                 (i32.eqz (i32.and (i32.load offset=8 (local.get $share)) (local.get $bit))))
      (then (return (i32.const 5))))
    (local.set $bit (i32.shl (local.get $bit) (i32.const 1)))
    (local.set $lock (i32.add (local.get $lock) (i32.const 4)))
    (br_if $locks (i32.lt_u (local.get $lock) (local.get $end))))
  (loop $locks
    (local.set $lock (i32.sub (local.get $lock) (i32.const 4)))
    (i32.store offset=12 (local.get $lock) (i32.const -1))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br_if $locks (local.get $count)))
  (i32.store offset=8 (local.get $share)
    (i32.or (i32.load offset=8 (local.get $share)) (local.get $bits)))
  (i32.const 0))

;; There is one processor.
(func (export "element: shm_barrier") (param i32))

;; SQLite has given its locks back.
(func (export "element: shm_unmap") (param $file i32) (param $delete i32) (result i32)
  (local $share i32) (local $memory i32) (local $count i32)
  (local.set $share (i32.load offset=36 (local.get $file)))
  (if (i32.eqz (local.get $share)) (then (return (i32.const 0))))
  (local.set $memory (i32.load (local.get $share)))
  (i32.store offset=36 (local.get $file) (i32.const 0))
  (call $free (local.get $share))
  (i32.store (local.get $memory) (i32.sub (i32.load (local.get $memory)) (i32.const 1)))
  (if (i32.load (local.get $memory)) (then (return (i32.const 0))))
  (local.set $count (i32.load offset=4 (local.get $memory)))
  (block $done
    (loop $regions
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (call $free (i32.load (i32.add (i32.load offset=8 (local.get $memory))
                                     (i32.shl (local.get $count) (i32.const 2)))))
      (br $regions)))
  (call $free (i32.load offset=8 (local.get $memory)))
  (call $free (local.get $memory))
  (i32.store offset=40 (i32.load offset=8 (local.get $file)) (i32.const 0))
  (i32.const 0))
