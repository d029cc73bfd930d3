;; SPDX-License-Identifier: Apache-2.0
;; A patch of python.wasm (skerry/engine/wasmtime/src/patch.rs says how it is written): numpy's
;; integers are a desktop's for what a program makes.
;;
;; The guest is a 32-bit machine, where numpy's default integer (long) and its type of indices
;; (intp) have 32 bits. Programs expect 64. The libraries' compiled code, though, declares arrays
;; of the machine's own types and takes no others, so it depends on whose code asks: $is_library
;; looks for the innermost Python frame that is neither numpy's own nor the standard library's.
;;
;; Offsets into CPython's and numpy's structures are those of the pinned module:
;;   thread state    current_frame 56
;;   frame           f_executable 0 (tagged in its low bits), previous 4, owner 38
;;   code object     co_filename 80
;;   str             length 8, ASCII text 20
;;   object          ob_refcnt 0 (2^30 and more: immortal), ob_type 4
;;   type            tp_flags 84
;;   array           data 8, nd 12, dimensions 16, descr 28, flags 32
;;   descr           byteorder 14, type_num 16, elsize 32
(module
  (import "guest" "memory" (memory 0))
  (import "guest" "PyThreadState_GetUnchecked" (func $thread_state (result i32)))
  (import "guest" "_Py_Dealloc" (func $dealloc (param i32)))
  (import "guest" "PyTuple_Size" (func $tuple_size (param i32) (result i32)))
  (import "guest" "PyTuple_GetItem" (func $tuple_get (param i32 i32) (result i32)))
  (import "guest" "PyTuple_SetItem" (func $tuple_set (param i32 i32 i32) (result i32)))
  (import "guest" "PyArray_DescrFromType" (func $descr (param i32) (result i32)))
  (import "guest" "PyArray_CastToType" (func $cast (param i32 i32 i32) (result i32)))
  (import "guest" "PyArray_Scalar" (func $scalar (param i32 i32 i32) (result i32)))
  (import "guest" "__stack_pointer" (global $stack (mut i32)))
  (import "guest" "PyArray_CanCastArrayTo" (func $can_cast (param i32 i32 i32) (result i32)))
  (import "guest" "PyArray_Return" (func $return (param i32) (result i32)))
  (import "guest" "PyArray_Nonzero" (func $nonzero (param i32) (result i32)))
  (import "original" "int_common_dtype" (func $common (param i32 i32) (result i32)))
  (import "original" "array_nonzero" (func $array_nonzero (param i32 i32) (result i32)))
  (import "original" "arr_bincount" (func $bincount (param i32 i32 i32 i32) (result i32)))
  (import "original" "_convert_from_str" (func $from_str (param i32 i32) (result i32)))

  ;; Whose code asks

  ;; Whether a code object's file name is that of a library whose compiled code wants the machine's
  ;; own types: 0 no, 1 yes, 2 only where it wants indices. -1: it says nothing, the frame outside it
  ;; decides.
  (func $kind_of_file (param $name i32) (result i32)
    (local $word i64)
    ;; "/usr/local/lib/python315.zip/", 29 bytes, and at least 8 more
    (if (i32.lt_u (i32.load offset=8 (local.get $name)) (i32.const 37))
      (then
        ;; "<skerry…": what runs programs, or speaks for numpy
        (return (select (i32.const -1) (i32.const 0)
          (i64.eq (i64.and (i64.load offset=20 (local.get $name)) (i64.const 0xffffffffffffff))
                  (i64.const 0x797272656b733c))))))
    (if (i32.or
          (i32.or (i64.ne (i64.load offset=20 (local.get $name)) (i64.const 0x636f6c2f7273752f))
                  (i64.ne (i64.load offset=28 (local.get $name)) (i64.const 0x702f62696c2f6c61)))
          (i32.or (i64.ne (i64.load offset=36 (local.get $name)) (i64.const 0x3531336e6f687479))
                  (i64.ne (i64.load offset=41 (local.get $name)) (i64.const 0x2f70697a2e353133))))
      (then (return (i32.const 0))))
    (local.set $word (i64.load offset=49 (local.get $name)))
    ;; "pandas/"
    (if (i64.eq (i64.and (local.get $word) (i64.const 0xffffffffffffff))
                (i64.const 0x2f7361646e6170))
      (then
        ;; "pandas/core/dtypes/common.py" is where pandas asks what `int` means to the program.
        (return (i32.or
          (i64.ne (i64.load offset=57 (local.get $name)) (i64.const 0x707974642f65726f))
          (i64.ne (i64.load offset=65 (local.get $name)) (i64.const 0x6f6d6d6f632f7365))))))
    ;; "scipy/si…" and "scipy/st…", signal and stats, calculate with the numbers that they are given.
    (if (i32.or (i64.eq (local.get $word) (i64.const 0x69732f7970696373))
                (i64.eq (local.get $word) (i64.const 0x74732f7970696373)))
      (then (return (i32.const 2))))
    ;; "scipy/"
    (if (i64.eq (i64.and (local.get $word) (i64.const 0xffffffffffff)) (i64.const 0x2f7970696373))
      (then (return (i32.const 1))))
    ;; "sklearn/": what makes labels, folds and samples for the program makes them as the program
    ;; would: "model_se…", "preproce…", "datasets…", "utils/_e…".
    (if (i64.eq (local.get $word) (i64.const 0x2f6e7261656c6b73))
      (then
        (local.set $word (i64.load offset=57 (local.get $name)))
        (return (select (i32.const -1) (i32.const 1)
          (i32.or
            (i32.or (i64.eq (local.get $word) (i64.const 0x65735f6c65646f6d))
                    (i64.eq (local.get $word) (i64.const 0x65636f7270657270)))
            (i32.or (i64.eq (local.get $word) (i64.const 0x7374657361746164))
                    (i64.eq (local.get $word) (i64.const 0x655f2f736c697475))))))))
    (if (i32.or
          (i64.eq (local.get $word) (i64.const 0x646f6d7374617473))            ;; "statsmod"
          (i32.or (i64.eq (local.get $word) (i64.const 0x6c746f6c7074616d))    ;; "matplotl"
                  (i64.eq (local.get $word) (i64.const 0x7072756f746e6f63))))  ;; "contourp"
      (then (return (i32.const 1))))
    (i32.const -1))

  ;; Whether code asks that wants the machine's own type, for indices or (0) as the default integer.
  (func $is_library (param $for_indices i32) (result i32)
    (local $frame i32) (local $kind i32)
    (local.set $frame (i32.load offset=56 (call $thread_state)))
    (loop $frames
      (if (i32.eqz (local.get $frame)) (then (return (i32.const 0))))
      ;; Owners above 2 are the interpreter's: their frames have no code.
      (if (i32.le_s (i32.load8_s offset=38 (local.get $frame)) (i32.const 2))
        (then
          (local.set $kind (call $kind_of_file (i32.load offset=80
            (i32.and (i32.load (local.get $frame)) (i32.const -4)))))
          (if (i32.eq (local.get $kind) (i32.const 2))
            (then (local.set $kind (select (i32.const 1) (i32.const -1) (local.get $for_indices)))))
          (if (i32.ge_s (local.get $kind) (i32.const 0)) (then (return (local.get $kind))))))
      (local.set $frame (i32.load offset=4 (local.get $frame)))
      (br $frames))
    unreachable)

  ;; The default integer

  ;; NPY_LONG to libraries, NPY_LONGLONG to programs.
  (func $default_integer
      (export "discover_descriptor_from_pylong: i32.const 7, 1 of 2")
      (export "discover_descriptor_from_pylong: i32.const 7, 2 of 2")
      (export "int_default_descriptor: i32.const 7, 1 of 1")
      (export "PyArray_ArangeObj: i32.const 7, 1 of 1")
      (export "_convert_from_any: i32.const 7, 1 of 1")
      (export "reducelike_promote_and_resolve: i32.const 7, 1 of 1")
      (result i32)
    (select (i32.const 7) (i32.const 9) (call $is_library (i32.const 0))))

  ;; Sums and products of integers of at most so many bytes, less one, are made in the default one …
  (func (export "reducelike_promote_and_resolve: i32.const 3, 1 of 2") (result i32)
    (select (i32.const 3) (i32.const 7) (call $is_library (i32.const 0))))

  ;; … or the unsigned one after it: numpy's table, by type_num - 2, has that for even places.
  (func (export "reducelike_promote_and_resolve: i32.load8_u, 1 of 2") (param $place i32) (result i32)
    (i32.add (call $default_integer) (i32.xor (i32.and (local.get $place) (i32.const 1)) (i32.const 1))))

  ;; Names of the types long, ulong, intp and uintp ("int", "l", "uintp"): all that are of these
  ;; types and tell no size in digits.
  (func (export "_convert_from_str") (param $text i32) (param $align i32) (result i32)
    (local $descr i32) (local $own i32) (local $type i32) (local $at i32) (local $end i32)
    (local.set $descr (call $from_str (local.get $text) (local.get $align)))
    (if (i32.eqz (local.get $descr)) (then (return (i32.const 0))))
    (local.set $type (i32.load offset=16 (local.get $descr)))
    (if (i32.gt_u (i32.sub (local.get $type) (i32.const 7)) (i32.const 1))
      (then (return (local.get $descr))))
    ;; One of another byte order is not the type's own object.
    (local.set $own (call $descr (local.get $type)))
    (call $release (local.get $own))
    (if (i32.ne (local.get $descr) (local.get $own)) (then (return (local.get $descr))))
    (if (call $is_library (i32.const 1)) (then (return (local.get $descr))))
    (local.set $at (i32.add (local.get $text) (i32.const 20)))
    (local.set $end (i32.add (local.get $at) (i32.load offset=8 (local.get $text))))
    (block $done
      (loop $letters
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)) (i32.const 10))
          (then (return (local.get $descr))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $letters)))
    (call $release (local.get $descr))
    (call $descr (i32.add (local.get $type) (i32.const 2))))

  ;; What a Python integer and an array of booleans have in common (`mask + 1`). For everybody: ufuncs
  ;; remember it. A DType's type_num lies at 476, whether it is one of numpy's own at 488.
  (func (export "int_common_dtype") (param $class i32) (param $other i32) (result i32)
    (local $descr i32) (local $type i32)
    (if (i32.and (i32.eqz (i32.load offset=476 (local.get $other)))
                 (i32.and (i32.load8_u offset=488 (local.get $other)) (i32.const 1)))
      (then
        (local.set $descr (call $descr (i32.const 9)))
        (local.set $type (i32.load offset=4 (local.get $descr)))
        (call $retain (local.get $type))
        (call $release (local.get $descr))
        (return (local.get $type))))
    (call $common (local.get $class) (local.get $other)))

  (func $retain (param $object i32)
    (local $count i32)
    (local.set $count (i32.load (local.get $object)))
    (if (i32.lt_u (local.get $count) (i32.const 0x40000000))
      (then (i32.store (local.get $object) (i32.add (local.get $count) (i32.const 1))))))

  (func $release (param $object i32)
    (local $count i32)
    (local.set $count (i32.load (local.get $object)))
    (if (i32.lt_u (local.get $count) (i32.const 0x40000000))
      (then
        (i32.store (local.get $object) (i32.sub (local.get $count) (i32.const 1)))
        (if (i32.eq (local.get $count) (i32.const 1)) (then (call $dealloc (local.get $object)))))))

  ;; Indices that numpy returns

  ;; Takes and gives a reference to an array of intp, which may be null.
  (func $widen (param $array i32) (result i32)
    (local $wide i32)
    (if (i32.eqz (local.get $array)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load offset=16 (i32.load offset=28 (local.get $array))) (i32.const 7))
      (then (return (local.get $array))))
    (if (call $is_library (i32.const 1)) (then (return (local.get $array))))
    (local.set $wide (call $cast (local.get $array) (call $descr (i32.const 9)) (i32.const 0)))
    (call $release (local.get $array))
    (local.get $wide))

  ;; The same for a new tuple of arrays.
  (func $widen_each (param $tuple i32) (result i32)
    (local $at i32) (local $array i32)
    (if (i32.eqz (local.get $tuple)) (then (return (i32.const 0))))
    (local.set $at (call $tuple_size (local.get $tuple)))
    (block $done
      (loop $items
        (br_if $done (i32.eqz (local.get $at)))
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (local.set $array (call $tuple_get (local.get $tuple) (local.get $at)))
        (call $retain (local.get $array))
        (local.set $array (call $widen (local.get $array)))
        (if (i32.eqz (local.get $array))
          (then
            (call $release (local.get $tuple))
            (return (i32.const 0))))
        (drop (call $tuple_set (local.get $tuple) (local.get $at) (local.get $array)))
        (br $items)))
    (local.get $tuple))

  (func (export "array_argmax: call PyArray_Return, 1 of 1")
        (export "array_argmin: call PyArray_Return, 1 of 1")
        (export "array_argsort: call PyArray_Return, 1 of 1")
        (export "array_argpartition: call PyArray_Return, 1 of 1")
        (export "array_searchsorted: call PyArray_Return, 1 of 1")
        (export "array_lexsort: call PyArray_Return, 1 of 1")
        (export "arr_ravel_multi_index: call PyArray_Return, 1 of 1")
        (export "arr_unravel_index: call PyArray_Return, 1 of 1")
      (param $array i32) (result i32)
    (call $return (call $widen (local.get $array))))

  (func (export "array_nonzero") (param $self i32) (param $arguments i32) (result i32)
    (call $widen_each (call $array_nonzero (local.get $self) (local.get $arguments))))

  ;; `where` of a condition alone.
  (func (export "PyArray_Where: call PyArray_Nonzero, 1 of 1") (param $array i32) (result i32)
    (call $widen_each (call $nonzero (local.get $array))))

  (func (export "arr_bincount")
      (param $self i32) (param $arguments i32) (param $count i32) (param $names i32) (result i32)
    (call $widen
      (call $bincount (local.get $self) (local.get $arguments) (local.get $count) (local.get $names))))

  (func (export "array_count_nonzero: call PyArray_Scalar, 1 of 1")
      (param $data i32) (param $descr i32) (param $base i32) (result i32)
    (local $place i32) (local $wide i32)
    (if (i32.or (i32.ne (i32.load offset=16 (local.get $descr)) (i32.const 7))
                (call $is_library (i32.const 1)))
      (then (return (call $scalar (local.get $data) (local.get $descr) (local.get $base)))))
    (local.set $place (i32.sub (global.get $stack) (i32.const 16)))
    (global.set $stack (local.get $place))
    (i64.store (local.get $place) (i64.load32_s (local.get $data)))
    (local.set $descr (call $descr (i32.const 9)))
    (local.set $wide (call $scalar (local.get $place) (local.get $descr) (local.get $base)))
    (call $release (local.get $descr))
    (global.set $stack (i32.add (local.get $place) (i32.const 16)))
    (local.get $wide))

  ;; Integers that numpy is given for indices

  ;; Whether an array may become one of that descr. On a desktop int64 and uint32 are safe where
  ;; intp is wanted; here they are if all their values fit.
  (func (export "PyArray_FromArray: call PyArray_CanCastArrayTo, 1 of 1")
      (param $array i32) (param $to i32) (param $casting i32) (result i32)
    (local $can i32)
    (local.set $can (call $can_cast (local.get $array) (local.get $to) (local.get $casting)))
    ;; NPY_UNSAFE_CASTING is 4: whoever says that means it.
    (if (i32.or (i32.ne (i32.load offset=16 (local.get $to)) (i32.const 7))
                (i32.or (i32.eq (local.get $casting) (i32.const 4))
                        (i32.eqz (call $may_be_too_wide (local.get $array)))))
      (then (return (local.get $can))))
    (call $all_fit (local.get $array)))

  (func $may_be_too_wide (param $array i32) (result i32)
    (local $type i32)
    (local.set $type (i32.load offset=16 (i32.load offset=28 (local.get $array))))
    (i32.or (i32.eq (local.get $type) (i32.const 9))                 ;; int64
      (i32.or (i32.eq (local.get $type) (i32.const 6))               ;; uint32, of two names
              (i32.eq (local.get $type) (i32.const 8)))))

  ;; Whether the values of an array of int64 or uint32 fit in 32 bits with a sign.
  (func $all_fit (param $array i32) (result i32)
    (local $from i32) (local $copy i32) (local $result i32) (local $at i32) (local $count i32) (local $end i32)
    (local $size i32) (local $value i64)
    (local.set $from (i32.load offset=28 (local.get $array)))
    (if (i32.or (i32.eqz (i32.and (i32.load offset=32 (local.get $array)) (i32.const 1))) ;; C-contiguous
                (i32.eq (i32.load8_u offset=14 (local.get $from)) (i32.const 62)))        ;; big-endian
      (then
        (local.set $copy (call $cast (local.get $array)
          (call $descr (i32.load offset=16 (local.get $from))) (i32.const 0)))
        (if (i32.eqz (local.get $copy)) (then (return (i32.const 0))))
        (local.set $result (call $all_fit (local.get $copy)))
        (call $release (local.get $copy))
        (return (local.get $result))))
    (local.set $count (i32.const 1))
    (local.set $at (i32.load offset=16 (local.get $array)))
    (local.set $end (i32.add (local.get $at) (i32.shl (i32.load offset=12 (local.get $array)) (i32.const 2))))
    (block $done
      (loop $dimensions
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $count (i32.mul (local.get $count) (i32.load (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $dimensions)))
    (local.set $size (i32.load offset=32 (local.get $from)))
    (local.set $at (i32.load offset=8 (local.get $array)))
    (local.set $end (i32.add (local.get $at) (i32.mul (local.get $count) (local.get $size))))
    (block $done
      (loop $values
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $value
          (if (result i64) (i32.eq (local.get $size) (i32.const 8))
            (then (i64.load align=1 (local.get $at)))
            (else (i64.load32_u align=1 (local.get $at)))))
        (if (i64.ne (local.get $value) (i64.extend32_s (local.get $value)))
          (then (return (i32.const 0))))
        (local.set $at (i32.add (local.get $at) (local.get $size)))
        (br $values)))
    (i32.const 1)))
