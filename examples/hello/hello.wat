;; SPDX-License-Identifier: Apache-2.0
;; The smallest WASI command that shows something: one line on standard output, then a normal return.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $nwritten i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))

  (memory (export "memory") 1)

  ;; 0: one iovec, address and length of the text. 8: where fd_write puts its count. 16: the text.
  (data (i32.const 0) "\10\00\00\00\11\00\00\00")
  (data (i32.const 16) "Hello from WASI!\n")

  (func (export "_start")
    (if (i32.ne (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (i32.const 0))
      (then (call $proc_exit (i32.const 1))))))
