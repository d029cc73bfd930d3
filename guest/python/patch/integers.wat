;; SPDX-License-Identifier: Apache-2.0
;; numpy's integers are a desktop's for what a program makes.
;;
;; The guest is a 32-bit machine, where numpy's default integer (long) and its type of indices
;; (intp) have 32 bits. Programs expect 64. The libraries' compiled code, though, declares arrays
;; of the machine's own types and takes no others, so it depends on whose code asks: $is_library
;; looks for the innermost Python frame that is neither numpy's own nor the standard library's.

;; Whose code asks

;; Whether a code object's file name is that of a library whose compiled code wants the machine's
;; own types: 0 no, 1 yes. 2: only where it wants indices, else the frame outside it decides. 3: only
;; where it wants indices. 4: except where it is given the class `int`. -1: the frame outside decides.
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
      (local.set $word (i64.load offset=57 (local.get $name)))
      ;; "pandas/core/dtypes/common.py" is where pandas asks what a type's name means to the program.
      (if (i32.and (i64.eq (local.get $word) (i64.const 0x707974642f65726f))
                   (i64.eq (i64.load offset=65 (local.get $name)) (i64.const 0x6f6d6d6f632f7365)))
        (then (return (i32.const 0))))
      ;; "pandas/core/nano…" and "pandas/core/arra…" sum and multiply the program's numbers.
      (return (select (i32.const 3) (i32.const 4)
        (i32.or (i64.eq (local.get $word) (i64.const 0x6f6e616e2f65726f))
                (i64.eq (local.get $word) (i64.const 0x617272612f65726f)))))))
  ;; "scipy/" calculates with the numbers that it is given.
  (if (i64.eq (i64.and (local.get $word) (i64.const 0xffffffffffff)) (i64.const 0x2f7970696373))
    (then (return (i32.const 2))))
  ;; "sklearn/": what makes labels, folds and samples for the program makes them as the program
  ;; would ("model_se…", "preproce…", "datasets…", "utils/_e…"). What wraps its functions says
  ;; nothing ("base.py", "utils/_p…", "utils/_s…"), nor what calls numpy for them ("utils/_a…", "external…").
  (if (i64.eq (local.get $word) (i64.const 0x2f6e7261656c6b73))
    (then
      (local.set $word (i64.load offset=57 (local.get $name)))
      (return (select (i32.const -1) (i32.const 1)
        (i32.or
          (i32.or
            (i32.or (i64.eq (local.get $word) (i64.const 0x65735f6c65646f6d))
                    (i64.eq (local.get $word) (i64.const 0x65636f7270657270)))
            (i32.or (i64.eq (local.get $word) (i64.const 0x7374657361746164))
                    (i64.eq (local.get $word) (i64.const 0x655f2f736c697475))))
          (i32.or
            (i64.eq (local.get $word) (i64.const 0x0079702e65736162))
            (i32.or
              (i32.or (i64.eq (local.get $word) (i64.const 0x705f2f736c697475))
                      (i64.eq (local.get $word) (i64.const 0x735f2f736c697475)))
              (i32.or (i64.eq (local.get $word) (i64.const 0x615f2f736c697475))
                      (i64.eq (local.get $word) (i64.const 0x6c616e7265747865))))))))))
  (if (i32.or
        (i64.eq (local.get $word) (i64.const 0x646f6d7374617473))            ;; "statsmod"
        (i32.or (i64.eq (local.get $word) (i64.const 0x6c746f6c7074616d))    ;; "matplotl"
                (i64.eq (local.get $word) (i64.const 0x7072756f746e6f63))))  ;; "contourp"
    (then (return (i32.const 1))))
  (i32.const -1))

;; Whether code asks that wants the machine's own type: as the default integer (0), for indices (1),
;; or for the class `int` (2).
(func $is_library (param $for i32) (result i32)
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
          (then (local.set $kind
            (select (i32.const 1) (i32.const -1) (i32.eq (local.get $for) (i32.const 1))))))
        (if (i32.eq (local.get $kind) (i32.const 3))
          (then (return (i32.eq (local.get $for) (i32.const 1)))))
        (if (i32.eq (local.get $kind) (i32.const 4))
          (then (return (i32.ne (local.get $for) (i32.const 2)))))
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
    (export "reducelike_promote_and_resolve: i32.const 7, 1 of 1")
    (result i32)
  (select (i32.const 7) (i32.const 9) (call $is_library (i32.const 0))))

(func (export "_convert_from_any: i32.const 7, 1 of 1") (result i32)
  (select (i32.const 7) (i32.const 9) (call $is_library (i32.const 2))))

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

;; A ufunc of Python integers and booleans alone (`power(2, 40)`) is one of int64 for programs. numpy
;; stands an array of `long` in their place and remembers the loop for that. Here each gets an int64
;; array; numpy puts the value in once the loop is chosen.
(func (export "convert_ufunc_arguments")
    (param $ufunc i32) (param $in i32) (param $out i32) (param $arrays i32) (param $types i32)
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (result i32)
  (local $result i32) (local $at i32) (local $end i32) (local $array i32) (local $descr i32)
  (local $type i32) (local $found i32)
  (local.set $result
    (call $ufunc_arguments (local.get $ufunc) (local.get $in) (local.get $out) (local.get $arrays)
      (local.get $types) (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9)
      (local.get 10) (local.get 11) (local.get 12) (local.get 13) (local.get 14) (local.get 15)
      (local.get 16)))
  (if (local.get $result) (then (return (local.get $result))))
  (local.set $end (i32.shl (i32.load offset=8 (local.get $ufunc)) (i32.const 2)))
  (loop $operands
    (if (i32.lt_u (local.get $at) (local.get $end))
      (then
        (local.set $array (i32.load (i32.add (local.get $arrays) (local.get $at))))
        (if (call $was_python_integer (local.get $array))
          (then (local.set $found (i32.const 1)))
          (else
            ;; NPY_BOOL is 0.
            (if (i32.load offset=16 (i32.load offset=28 (local.get $array)))
              (then (return (i32.const 0))))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $operands))))
  (if (i32.eqz (local.get $found)) (then (return (i32.const 0))))
  (if (i32.eqz (call $wants_int64 (local.get $ufunc))) (then (return (i32.const 0))))
  (if (call $is_library (i32.const 0)) (then (return (i32.const 0))))
  (local.set $at (i32.const 0))
  (loop $operands
    (if (i32.lt_u (local.get $at) (local.get $end))
      (then
        (local.set $array (i32.load (i32.add (local.get $arrays) (local.get $at))))
        (if (call $was_python_integer (local.get $array))
          (then
            (local.set $descr (call $descr (i32.const 9)))
            (local.set $type (i32.load offset=4 (local.get $descr)))
            (local.set $found (call $cast (local.get $array) (local.get $descr) (i32.const 0)))
            (if (i32.eqz (local.get $found)) (then (return (i32.const -1))))
            (i32.store offset=32 (local.get $found)
              (i32.or (i32.load offset=32 (local.get $found)) (i32.const 0x40000000)))
            (i32.store (i32.add (local.get $arrays) (local.get $at)) (local.get $found))
            (call $release (local.get $array))
            (local.set $array (i32.load (i32.add (local.get $types) (local.get $at))))
            (call $retain (local.get $type))
            (i32.store (i32.add (local.get $types) (local.get $at)) (local.get $type))
            (call $release (local.get $array))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $operands))))
  (i32.const 0))

;; The short way for a ufunc of one Python integer calculates in `long`. What is too large for it takes
;; the usual way, and so does all that a program gives.
(func (export "ufunc_generic_fastcall: call PyLong_AsLongAndOverflow, 1 of 1")
    (param $integer i32) (param $overflow i32) (result i32)
  (if (call $is_library (i32.const 0))
    (then (return (call $as_long (local.get $integer) (local.get $overflow)))))
  (i32.store (local.get $overflow) (i32.const 1))
  (i32.const -1))

;; By the mark that numpy gives to arrays it makes for them: NPY_ARRAY_WAS_PYTHON_INT.
(func $was_python_integer (param $array i32) (result i32)
  (i32.and (i32.load offset=32 (local.get $array)) (i32.const 0x40000000)))

;; Whether a ufunc has a loop of int64 alone, and is no comparison: these take integers of any size.
(func $wants_int64 (param $ufunc i32) (result i32)
  (local $name i32) (local $inputs i32) (local $all i32) (local $loop i32) (local $end i32) (local $at i32)
  (local.set $loop (i32.load offset=44 (local.get $ufunc)))
  (local.set $name (i32.load offset=40 (local.get $ufunc)))
  (if (i32.or (i32.eqz (local.get $loop)) (i32.eqz (local.get $name))) (then (return (i32.const 0))))
  (local.set $name (i32.load align=1 (local.get $name)))
  (if (i32.or
        (i32.or (i32.eq (local.get $name) (i32.const 0x61757165))    ;; "equa"
                (i32.eq (local.get $name) (i32.const 0x5f746f6e)))   ;; "not_"
        (i32.or (i32.eq (local.get $name) (i32.const 0x7373656c))    ;; "less"
                (i32.eq (local.get $name) (i32.const 0x61657267))))  ;; "grea"
    (then (return (i32.const 0))))
  (local.set $inputs (i32.load offset=8 (local.get $ufunc)))
  (local.set $all (i32.load offset=16 (local.get $ufunc)))
  (local.set $end (i32.add (local.get $loop)
    (i32.mul (local.get $all) (i32.load offset=32 (local.get $ufunc)))))
  (loop $loops
    (if (i32.ge_u (local.get $loop) (local.get $end)) (then (return (i32.const 0))))
    (local.set $at (local.get $inputs))
    (block $other
      (loop $types
        (if (i32.eqz (local.get $at)) (then (return (i32.const 1))))
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (br_if $types (i32.eq (i32.load8_u (i32.add (local.get $loop) (local.get $at)))
                              (i32.const 9)))))
    (local.set $loop (i32.add (local.get $loop) (local.get $all)))
    (br $loops))
  unreachable)

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
  (if (i32.eqz (local.get $array)) (then (return (i32.const 0))))
  (if (i32.ne (i32.load offset=16 (i32.load offset=28 (local.get $array))) (i32.const 7))
    (then (return (local.get $array))))
  (if (call $is_library (i32.const 1)) (then (return (local.get $array))))
  (call $widened (local.get $array)))

;; The same whoever asks; not null.
(func $widened (param $array i32) (result i32)
  (local $wide i32)
  (if (i32.ne (i32.load offset=16 (i32.load offset=28 (local.get $array))) (i32.const 7))
    (then (return (local.get $array))))
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
  (if (i32.eqz (local.get $array)) (then (return (call $return (local.get $array)))))
  ;; A single index is a scalar: nothing declares an array for it.
  (call $return
    (if (result i32) (i32.load offset=12 (local.get $array))
      (then (call $widen (local.get $array)))
      (else (call $widened (local.get $array))))))

(func (export "array_nonzero") (param $self i32) (param $arguments i32) (result i32)
  (call $widen_each (call $array_nonzero (local.get $self) (local.get $arguments))))

;; `where` of a condition alone.
(func (export "PyArray_Where: call PyArray_Nonzero, 1 of 1") (param $array i32) (result i32)
  (call $widen_each (call $nonzero (local.get $array))))

(func (export "arr_bincount")
    (param $self i32) (param $arguments i32) (param $count i32) (param $names i32) (result i32)
  (call $widen
    (call $bincount (local.get $self) (local.get $arguments) (local.get $count) (local.get $names))))

;; The old generators' compiled code fills arrays of `long`. What they choose from the program's own
;; array is of that array's type.

(func (export "__pyx_pw_5numpy_6random_6mtrand_11RandomState_87binomial")
    (param $self i32) (param $arguments i32) (param $count i32) (param $names i32) (result i32)
  (call $widen_if_array
    (call $binomial (local.get $self) (local.get $arguments) (local.get $count) (local.get $names))))

(func (export "__pyx_pw_5numpy_6random_6mtrand_11RandomState_103multinomial")
    (param $self i32) (param $arguments i32) (param $count i32) (param $names i32) (result i32)
  (call $widen_if_array
    (call $multinomial (local.get $self) (local.get $arguments) (local.get $count) (local.get $names))))

(func (export "__pyx_pw_5numpy_6random_6mtrand_11RandomState_35choice")
    (param $self i32) (param $arguments i32) (param $count i32) (param $names i32) (result i32)
  (call $widen_if_integer_first
    (call $choice (local.get $self) (local.get $arguments) (local.get $count) (local.get $names))
    (local.get $arguments) (local.get $count) (local.get $names)))

(func (export "__pyx_pw_5numpy_6random_6mtrand_11RandomState_109permutation")
    (param $self i32) (param $arguments i32) (param $count i32) (param $names i32) (result i32)
  (call $widen_if_integer_first
    (call $permutation (local.get $self) (local.get $arguments) (local.get $count) (local.get $names))
    (local.get $arguments) (local.get $count) (local.get $names)))

(func $widen_if_integer_first
    (param $result i32) (param $arguments i32) (param $count i32) (param $names i32) (result i32)
  (if (result i32) (call $is_integer_first (local.get $arguments) (local.get $count) (local.get $names))
    (then (call $widen_if_array (local.get $result)))
    (else (local.get $result))))

;; Whether the first that a call is given, by place or by name, is a Python integer.
(func $is_integer_first (param $arguments i32) (param $count i32) (param $names i32) (result i32)
  ;; PY_VECTORCALL_ARGUMENTS_OFFSET is the highest bit.
  (if (i32.eqz (i32.or (i32.shl (local.get $count) (i32.const 1)) (local.get $names)))
    (then (return (i32.const 0))))
  ;; Py_TPFLAGS_LONG_SUBCLASS
  (i32.and (i32.load offset=84 (i32.load offset=4 (i32.load (local.get $arguments))))
           (i32.const 0x1000000)))

(func $widen_if_array (param $result i32) (result i32)
  (if (i32.eqz (local.get $result)) (then (return (i32.const 0))))
  ;; PyArray_Type
  (if (i32.ne (i32.load offset=4 (local.get $result)) (i32.const 26443132))
    (then (return (local.get $result))))
  (call $widen (local.get $result)))

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
  (i64.eqz (call $first_unfit (local.get $array))))

;; The parts of a subscript. numpy casts index arrays to the machine's type as they come, which
;; would find another element for what does not fit.
(func (export "prepare_index_noarray")
    (param $dimensions i32) (param $sizes i32) (param $index i32) (param $parts i32) (param $count i32)
    (param $result_dimensions i32) (param $fancy_dimensions i32) (param $newaxis i32) (param $flat i32)
    (result i32)
  (local $result i32) (local $part i32) (local $end i32) (local $axis i32) (local $type i32) (local $unfit i64)
  (local.set $result
    (call $prepare_index (local.get $dimensions) (local.get $sizes) (local.get $index)
      (local.get $parts) (local.get $count) (local.get $result_dimensions)
      (local.get $fancy_dimensions) (local.get $newaxis) (local.get $flat)))
  ;; HAS_FANCY is 16.
  (if (i32.or (i32.lt_s (local.get $result) (i32.const 0))
              (i32.eqz (i32.and (local.get $result) (i32.const 16))))
    (then (return (local.get $result))))
  (local.set $part (local.get $parts))
  (local.set $end (i32.add (local.get $parts)
    (i32.mul (i32.load (local.get $count)) (i32.const 12))))
  (block $bad
    (loop $next
      (if (i32.ge_u (local.get $part) (local.get $end)) (then (return (local.get $result))))
      (local.set $type (i32.load offset=8 (local.get $part)))
      (if (i32.and (i32.eq (local.get $type) (i32.const 16))
                   (i32.ne (i32.load (local.get $part)) (i32.const 0)))
        (then
          (if (call $may_be_too_wide (i32.load (local.get $part)))
            (then
              (local.set $unfit (call $first_unfit (i32.load (local.get $part))))
              (br_if $bad (i64.ne (local.get $unfit) (i64.const 0)))))))
      ;; An ellipsis (8) stands for as many axes as its value says, a new axis (2) and a single
      ;; boolean (16 and 128) for none.
      (local.set $axis (i32.add (local.get $axis)
        (if (result i32) (i32.and (local.get $type) (i32.const 8))
          (then (i32.load offset=4 (local.get $part)))
          (else (i32.eqz (i32.and (local.get $type) (i32.const 130)))))))
      (local.set $part (i32.add (local.get $part) (i32.const 12)))
      (br $next)))
  (if (i64.ne (local.get $unfit) (i64.const -1))
    (then
      (call $out_of_bounds (local.get $unfit) (local.get $axis)
        (if (result i32) (i32.lt_u (local.get $axis) (local.get $dimensions))
          (then (i32.load (i32.add (local.get $sizes) (i32.shl (local.get $axis) (i32.const 2)))))
          (else (i32.const 0))))))
  (local.set $part (local.get $parts))
  (loop $next
    (if (i32.load (local.get $part)) (then (call $release (i32.load (local.get $part)))))
    (local.set $part (i32.add (local.get $part) (i32.const 12)))
    (br_if $next (i32.lt_u (local.get $part) (local.get $end))))
  (i32.const -1))

;; What `ravel_multi_index` and `unravel_index` are given, which is cast in the same way.
(func (export "astype_anyint") (param $given i32) (result i32)
  (local $array i32) (local $unfit i64)
  (local.set $array (call $any_integers (local.get $given)))
  (if (i32.eqz (local.get $array)) (then (return (i32.const 0))))
  (if (i32.eqz (call $may_be_too_wide (local.get $array))) (then (return (local.get $array))))
  (local.set $unfit (call $first_unfit (local.get $array)))
  (if (i64.eqz (local.get $unfit)) (then (return (local.get $array))))
  (call $release (local.get $array))
  (if (i64.ne (local.get $unfit) (i64.const -1))
    (then (call $out_of_bounds (local.get $unfit) (i32.const -1) (i32.const 0))))
  (i32.const 0))

;; Raises numpy's IndexError, or without an axis (-1) a ValueError.
(func $out_of_bounds (param $index i64) (param $axis i32) (param $size i32)
  (local $place i32)
  (local.set $place (i32.sub (global.get $stack) (i32.const 80)))
  (global.set $stack (local.get $place))
  (i64.store (local.get $place) (local.get $index))
  (i32.store offset=8 (local.get $place) (local.get $axis))
  (i32.store offset=12 (local.get $place) (local.get $size))
  (i64.store offset=16 (local.get $place) (i64.const 0x6c25207865646e69))    ;; "index %l"
  (i64.store offset=24 (local.get $place) (i64.const 0x756f20736920646c))    ;; "ld is ou"
  (i64.store offset=32 (local.get $place) (i64.const 0x756f6220666f2074))    ;; "t of bou"
  (i64.store offset=40 (local.get $place) (i64.const 0x20726f662073646e))    ;; "nds for "
  (i64.store offset=48 (local.get $place) (i64.const 0x2064252073697861))    ;; "axis %d "
  (i64.store offset=56 (local.get $place) (i64.const 0x7a69732068746977))    ;; "with siz"
  (i64.store offset=64 (local.get $place) (i64.const 0x0000000064252065))    ;; "e %d"
  ;; Without an axis the text ends before " for axis".
  (if (i32.eq (local.get $axis) (i32.const -1))
    (then (i32.store8 offset=43 (local.get $place) (i32.const 0))))
  ;; PyExc_ValueError and PyExc_IndexError
  (drop (call $set_error
    (i32.load (select (i32.const 26079184) (i32.const 26079528) (i32.eq (local.get $axis) (i32.const -1))))
    (i32.add (local.get $place) (i32.const 16)) (local.get $place)))
  (global.set $stack (i32.add (local.get $place) (i32.const 80))))

;; `astype(intp, casting="safe")` in a library: the same.
(func (export "array_astype: call PyArray_CanCastArrayTo, 1 of 1")
    (param $array i32) (param $to i32) (param $casting i32) (result i32)
  (local $can i32)
  (local.set $can (call $can_cast (local.get $array) (local.get $to) (local.get $casting)))
  (if (i32.or (local.get $can)
        (i32.or (i32.ne (i32.load offset=16 (local.get $to)) (i32.const 7))
                (i32.eqz (call $may_be_too_wide (local.get $array)))))
    (then (return (local.get $can))))
  (if (i32.eqz (call $is_library (i32.const 1))) (then (return (local.get $can))))
  (i64.eqz (call $first_unfit (local.get $array))))

(func $may_be_too_wide (param $array i32) (result i32)
  (local $type i32)
  (local.set $type (i32.load offset=16 (i32.load offset=28 (local.get $array))))
  (i32.or (i32.eq (local.get $type) (i32.const 9))                 ;; int64
    (i32.or (i32.eq (local.get $type) (i32.const 6))               ;; uint32, of two names
            (i32.eq (local.get $type) (i32.const 8)))))

;; The first value of an array of int64 or uint32 that does not fit in 32 bits with a sign. 0 if all
;; do, and -1 with an exception where there is no memory.
(func $first_unfit (param $array i32) (result i64)
  (local $from i32) (local $copy i32) (local $at i32) (local $count i32) (local $end i32)
  (local $size i32) (local $value i64)
  (local.set $from (i32.load offset=28 (local.get $array)))
  (if (i32.or (i32.eqz (i32.and (i32.load offset=32 (local.get $array)) (i32.const 1))) ;; C-contiguous
              (i32.eq (i32.load8_u offset=14 (local.get $from)) (i32.const 62)))        ;; big-endian
    (then
      (local.set $copy (call $cast (local.get $array)
        (call $descr (i32.load offset=16 (local.get $from))) (i32.const 0)))
      (if (i32.eqz (local.get $copy)) (then (return (i64.const -1))))
      (local.set $value (call $first_unfit (local.get $copy)))
      (call $release (local.get $copy))
      (return (local.get $value))))
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
        (then (return (local.get $value))))
      (local.set $at (i32.add (local.get $at) (local.get $size)))
      (br $values)))
  (i64.const 0))
