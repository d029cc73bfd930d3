;; SPDX-License-Identifier: Apache-2.0
;; Errors have Linux's numbers, and an empty path is no file.

;; Empty paths

;; The C library takes an empty path for the current directory. Linux has no file of that name.
(func (export "__wasilibc_find_relpath")
    (param $path i32) (param i32 i32 i32) (result i32)
  (if (call $is_empty (local.get $path)) (then (return (i32.const -1))))
  (call $find_path (local.get $path) (local.get 1) (local.get 2) (local.get 3)))

(func (export "__wasilibc_find_relpath_alloc")
    (param $path i32) (param i32 i32 i32 i32) (result i32)
  (if (call $is_empty (local.get $path)) (then (return (i32.const -1))))
  (call $find_path_alloc (local.get $path) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))

;; If it is, errno says ENOENT.
(func $is_empty (param $path i32) (result i32)
  (if (i32.load8_u (local.get $path)) (then (return (i32.const 0))))
  (i32.store (i32.const 28058676) (i32.const 44))
  (i32.const 1))

;; Numbers of errors

;; CPython makes an exception of `errno`. While it does, the number there is Linux's.
(func (export "PyErr_SetFromErrnoWithFilenameObjects")
    (param $class i32) (param $name i32) (param $other i32) (result i32)
  (local $number i32) (local $result i32)
  ;; where the C library keeps errno
  (local.set $number (i32.load (i32.const 28058676)))
  (i32.store (i32.const 28058676) (call $linux_number (local.get $number)))
  (local.set $result (call $set_from_errno (local.get $class) (local.get $name) (local.get $other)))
  (i32.store (i32.const 28058676) (local.get $number))
  (local.get $result))

;; The text of Linux's number.
(func (export "PyErr_SetFromErrnoWithFilenameObjects: call strerror, 1 of 1")
      (export "os_strerror: call strerror, 1 of 2")
      (export "os_strerror: call strerror, 2 of 2")
    (param $number i32) (result i32)
  (call $strerror (call $wasi_number (local.get $number))))

;; Which class of OSError is whose.
(func (export "OSError_new: call PyDict_GetItemWithError, 1 of 1")
    (param $classes i32) (param $number i32) (result i32)
  (local $place i32) (local $key i32) (local $class i32)
  ;; Py_TPFLAGS_LONG_SUBCLASS
  (if (i32.eqz (i32.and (i32.load offset=84 (i32.load offset=4 (local.get $number)))
                        (i32.const 0x1000000)))
    (then (return (call $dict_get (local.get $classes) (local.get $number)))))
  (local.set $place (i32.sub (global.get $stack) (i32.const 16)))
  (global.set $stack (local.get $place))
  ;; What is too large for `long` is -1, which is no error's number.
  (local.set $key (call $new_long (call $wasi_number
    (call $as_long (local.get $number) (local.get $place)))))
  (global.set $stack (i32.add (local.get $place) (i32.const 16)))
  (if (i32.eqz (local.get $key)) (then (return (i32.const 0))))
  (local.set $class (call $dict_get (local.get $classes) (local.get $key)))
  (call $release (local.get $key))
  (local.get $class))

;; -1, which the C library has no text for, if WASI has no such error.
(func $wasi_number (param $linux i32) (result i32)
  (local $number i32)
  ;; ESHUTDOWN, which is of EPIPE's class
  (if (i32.eq (local.get $linux) (i32.const 108)) (then (return (i32.const 64))))
  (loop $numbers
    (if (i32.eq (call $linux_number (local.get $number)) (local.get $linux))
      (then (return (local.get $number))))
    (local.set $number (i32.add (local.get $number) (i32.const 1)))
    (br_if $numbers (i32.le_u (local.get $number) (i32.const 76))))
  (i32.const -1))

;; Eight of WASI's numbers, in order, are the bytes of a constant.
(func $linux_number (param $number i32) (result i32)
  (local $eight i64)
  (block $72 (block $64 (block $56 (block $48 (block $40 (block $32 (block $24 (block $16 (block $8 (block $0
    (br_table $0 $8 $16 $24 $32 $40 $48 $56 $64 $72 (i32.shr_u (local.get $number) (i32.const 3))))
    (local.set $eight (i64.const 0x720b6163620d0700)) (br $72))
    (local.set $eight (i64.const 0x686f670a7d104a09)) (br $72))
    (local.set $eight (i64.const 0x711b0e117a215923)) (br $72))
    (local.set $eight (i64.const 0x156a05160473542b)) (br $72))
    (local.set $eight (i64.const 0x666424485a1f1828)) (br $72))
    (local.set $eight (i64.const 0x4325080213691765)) (br $72))
    (local.set $eight (i64.const 0x27146b261c5c2a0c)) (br $72))
    (local.set $eight (i64.const 0x01824b06195f5883)) (br $72))
    (local.set $eight (i64.const 0x031d1e225b5d4720)) (br $72))
  (if (i32.ge_u (local.get $number) (i32.const 72))
    (then
      (if (i32.ge_u (local.get $number) (i32.const 80)) (then (return (local.get $number))))
      (local.set $eight (i64.const 0x00000001121a6e74))))
  (i32.wrap_i64 (i64.and (i64.const 255)
    (i64.shr_u (local.get $eight)
      (i64.shl (i64.extend_i32_u (i32.and (local.get $number) (i32.const 7))) (i64.const 3))))))
