;; SPDX-License-Identifier: Apache-2.0
;; Floats become integers as on x86-64, and numpy warns of what a desktop's flags of floating point
;; tell it. WebAssembly has no such flags: what operations raised is found in their results. Underflow,
;; which nothing is told of by default, is not.

;; Conversions

;; Each stands in the place of an instruction: what fits is converted there, the rest elsewhere.
(func (export "every i64.trunc_sat_f64_s") (param $x f64) (result i64)
  (if (result i64) (f64.lt (f64.abs (local.get $x)) (f64.const 0x1p63))
    (then (i64.trunc_f64_s (local.get $x)))
    (else (call $to_i64 (local.get $x)))))
(func (export "every i32.trunc_sat_f64_s") (param $x f64) (result i32)
  (if (result i32) (f64.lt (f64.abs (local.get $x)) (f64.const 0x1p31))
    (then (i32.trunc_f64_s (local.get $x)))
    (else (call $to_i32 (local.get $x)))))
(func (export "every i32.trunc_sat_f64_u") (param $x f64) (result i32)
  (if (result i32) (f64.lt (f64.abs (local.get $x)) (f64.const 0x1p63))
    (then (i32.wrap_i64 (i64.trunc_f64_s (local.get $x))))
    (else (call $to_u32 (local.get $x)))))
(func (export "every i64.trunc_sat_f64_u") (param $x f64) (result i64)
  (if (result i64) (f64.lt (f64.abs (local.get $x)) (f64.const 0x1p63))
    (then (i64.trunc_f64_s (local.get $x)))
    (else (call $to_u64 (local.get $x)))))
(func (export "every i64.trunc_sat_f32_s") (param $x f32) (result i64)
  (if (result i64) (f32.lt (f32.abs (local.get $x)) (f32.const 0x1p63))
    (then (i64.trunc_f32_s (local.get $x)))
    (else (call $to_i64 (f64.promote_f32 (local.get $x))))))
(func (export "every i32.trunc_sat_f32_s") (param $x f32) (result i32)
  (if (result i32) (f32.lt (f32.abs (local.get $x)) (f32.const 0x1p31))
    (then (i32.trunc_f32_s (local.get $x)))
    (else (call $to_i32 (f64.promote_f32 (local.get $x))))))
(func (export "every i32.trunc_sat_f32_u") (param $x f32) (result i32)
  (if (result i32) (f32.lt (f32.abs (local.get $x)) (f32.const 0x1p63))
    (then (i32.wrap_i64 (i64.trunc_f32_s (local.get $x))))
    (else (call $to_u32 (f64.promote_f32 (local.get $x))))))
(func (export "every i64.trunc_sat_f32_u") (param $x f32) (result i64)
  (if (result i64) (f32.lt (f32.abs (local.get $x)) (f32.const 0x1p63))
    (then (i64.trunc_f32_s (local.get $x)))
    (else (call $to_u64 (f64.promote_f32 (local.get $x))))))

;; What does not fit, or is no number, is the smallest integer, and invalid (cvttsd2si).
(func $to_i64 (param $x f64) (result i64)
  (if (f64.lt (f64.abs (local.get $x)) (f64.const 0x1p63))
    (then (return (i64.trunc_f64_s (local.get $x)))))
  (if (f64.ne (local.get $x) (f64.const -0x1p63)) (then (call $set_invalid)))
  (i64.const -0x8000000000000000))

(func $to_i32 (param $x f64) (result i32)
  (if (i32.eqz (i32.and (f64.le (local.get $x) (f64.const -0x1p31))
                        (f64.gt (local.get $x) (f64.const -0x1.00000002p31))))
    (then (call $set_invalid)))
  (i32.const -0x80000000))

;; The lower half of 64 bits with a sign.
(func $to_u32 (param $x f64) (result i32)
  (i32.wrap_i64 (call $to_i64 (local.get $x))))

;; From 2^63 on: what is left of that, and the highest bit.
(func $to_u64 (param $x f64) (result i64)
  (if (f64.ge (local.get $x) (f64.const 0x1p63))
    (then (return (i64.xor (i64.const -0x8000000000000000)
      (call $to_i64 (f64.sub (local.get $x) (f64.const 0x1p63)))))))
  (call $to_i64 (local.get $x)))

;; What an operation raises

;; Sets the flags that go with a result, which is not finite, of two operands; of one, given twice.
(func $set_flags (param $result f64) (param $a f64) (param $b f64)
  (if (f64.ne (local.get $result) (local.get $result))
    (then
      (if (i32.and (f64.eq (local.get $a) (local.get $a)) (f64.eq (local.get $b) (local.get $b)))
        (then (call $set_invalid)))
      (return)))
  (if (i32.eqz (i32.and (call $is_finite (local.get $a)) (call $is_finite (local.get $b))))
    (then (return)))
  ;; Poles are at 0, those of log1p and arctanh at -1 and 1, where nothing else is too large.
  (if (i32.or (i32.or (f64.eq (local.get $a) (f64.const 0)) (f64.eq (local.get $b) (f64.const 0)))
              (i32.and (f64.eq (local.get $a) (local.get $b))
                       (f64.eq (f64.abs (local.get $a)) (f64.const 1))))
    (then (call $set_divided))
    (else (call $set_overflow))))

(func $is_finite (param $x f64) (result i32)
  (f64.eq (f64.sub (local.get $x) (local.get $x)) (f64.const 0)))

;; Loops of ufuncs

;; The number at an address, by numpy's number of its type. One that is no float is 2: of the exponents
;; that `ldexp` takes none is special.
(func $number (param $at i32) (param $type i32) (result f64)
  (if (i32.eq (local.get $type) (i32.const 12)) (then (return (f64.load (local.get $at)))))
  (if (i32.eq (local.get $type) (i32.const 11))
    (then (return (f64.promote_f32 (f32.load (local.get $at))))))
  (f64.const 2))

;; NPY_FLOAT and NPY_DOUBLE
(func $is_float (param $type i32) (result i32)
  (i32.le_u (i32.sub (local.get $type) (i32.const 11)) (i32.const 1)))

;; The number of an operand's type.
(func $type_of (param $context i32) (param $operand i32) (result i32)
  (i32.load offset=16 (i32.load
    (i32.add (i32.load offset=8 (local.get $context)) (i32.shl (local.get $operand) (i32.const 2))))))

;; The address of the operand's entry in a table of pointers or strides.
(func $entry (param $table i32) (param $operand i32) (result i32)
  (i32.load (i32.add (local.get $table) (i32.shl (local.get $operand) (i32.const 2)))))

;; Whether all from an address to another, 64 bytes and 64 more, are finite: x - x has bits that are
;; not 0 for others alone.
(func $finite_doubles (param $at i32) (param $end i32) (result i32)
  (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $seen v128)
  (loop $vectors
    (if (i32.lt_u (local.get $at) (local.get $end))
      (then
        (local.set $a (v128.load align=1 (local.get $at)))
        (local.set $b (v128.load offset=16 align=1 (local.get $at)))
        (local.set $c (v128.load offset=32 align=1 (local.get $at)))
        (local.set $d (v128.load offset=48 align=1 (local.get $at)))
        (local.set $seen (v128.or (local.get $seen) (v128.or
          (v128.or (f64x2.sub (local.get $a) (local.get $a))
                   (f64x2.sub (local.get $b) (local.get $b)))
          (v128.or (f64x2.sub (local.get $c) (local.get $c))
                   (f64x2.sub (local.get $d) (local.get $d))))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $vectors))))
  (i32.eqz (v128.any_true (local.get $seen))))

(func $finite_floats (param $at i32) (param $end i32) (result i32)
  (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $seen v128)
  (loop $vectors
    (if (i32.lt_u (local.get $at) (local.get $end))
      (then
        (local.set $a (v128.load align=1 (local.get $at)))
        (local.set $b (v128.load offset=16 align=1 (local.get $at)))
        (local.set $c (v128.load offset=32 align=1 (local.get $at)))
        (local.set $d (v128.load offset=48 align=1 (local.get $at)))
        (local.set $seen (v128.or (local.get $seen) (v128.or
          (v128.or (f32x4.sub (local.get $a) (local.get $a))
                   (f32x4.sub (local.get $b) (local.get $b)))
          (v128.or (f32x4.sub (local.get $c) (local.get $c))
                   (f32x4.sub (local.get $d) (local.get $d))))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $vectors))))
  (i32.eqz (v128.any_true (local.get $seen))))

(func $all_finite (param $at i32) (param $count i32) (param $stride i32) (param $type i32) (result i32)
  (local $end i32) (local $size i32)
  (local.set $size (select (i32.const 8) (i32.const 4) (i32.eq (local.get $type) (i32.const 12))))
  (if (i32.eq (local.get $stride) (local.get $size))
    (then
      (local.set $end (i32.add (local.get $at)
        (i32.and (i32.mul (local.get $count) (local.get $stride)) (i32.const -64))))
      (if (i32.eqz
            (if (result i32) (i32.eq (local.get $type) (i32.const 12))
              (then (call $finite_doubles (local.get $at) (local.get $end)))
              (else (call $finite_floats (local.get $at) (local.get $end)))))
        (then (return (i32.const 0))))
      (local.set $at (local.get $end))
      (local.set $count (i32.and (local.get $count)
        (i32.sub (i32.div_u (i32.const 64) (local.get $size)) (i32.const 1))))))
  (block $none
    (loop $rest
      (br_if $none (i32.eqz (local.get $count)))
      (if (i32.eqz (call $is_finite (call $number (local.get $at) (local.get $type))))
        (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (local.get $stride)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $rest)))
  (i32.const 1))

;; Whether it is one of numpy's functions that raise something, by the first eight letters of its
;; name. scipy's forget what theirs raised.
(func $raises (param $ufunc i32) (result i32)
  (local $name i32) (local $word i64) (local $shift i64) (local $letter i64)
  (local.set $name (i32.load offset=40 (local.get $ufunc)))
  (block $whole
    (loop $letters
      (local.set $letter (i64.load8_u (local.get $name)))
      (br_if $whole (i64.eqz (local.get $letter)))
      (local.set $word (i64.or (local.get $word) (i64.shl (local.get $letter) (local.get $shift))))
      (local.set $name (i32.add (local.get $name) (i32.const 1)))
      (local.set $shift (i64.add (local.get $shift) (i64.const 8)))
      (br_if $letters (i64.lt_u (local.get $shift) (i64.const 64)))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x646461))   ;; "add"
              (i64.eq (local.get $word) (i64.const 0x7463617274627573)))  ;; "subtract"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x796c7069746c756d))   ;; "multiply"
              (i64.eq (local.get $word) (i64.const 0x656469766964)))  ;; "divide"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x69645f726f6f6c66))   ;; "floor_di"
              (i64.eq (local.get $word) (i64.const 0x65646e69616d6572)))  ;; "remainde"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x646f6d66))   ;; "fmod"
              (i64.eq (local.get $word) (i64.const 0x646f6d766964)))  ;; "divmod"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x7265776f70))   ;; "power"
              (i64.eq (local.get $word) (i64.const 0x6f705f74616f6c66)))  ;; "float_po"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x657261757173))   ;; "square"
              (i64.eq (local.get $word) (i64.const 0x636f727069636572)))  ;; "reciproc"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x74727173))   ;; "sqrt"
              (i64.eq (local.get $word) (i64.const 0x707865)))  ;; "exp"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x32707865))   ;; "exp2"
              (i64.eq (local.get $word) (i64.const 0x316d707865)))  ;; "expm1"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x676f6c))   ;; "log"
              (i64.eq (local.get $word) (i64.const 0x32676f6c)))  ;; "log2"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x3031676f6c))   ;; "log10"
              (i64.eq (local.get $word) (i64.const 0x7031676f6c)))  ;; "log1p"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x6e6973))   ;; "sin"
              (i64.eq (local.get $word) (i64.const 0x736f63)))  ;; "cos"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x6e6174))   ;; "tan"
              (i64.eq (local.get $word) (i64.const 0x6e6973637261)))  ;; "arcsin"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x736f63637261))   ;; "arccos"
              (i64.eq (local.get $word) (i64.const 0x68736f63637261)))  ;; "arccosh"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x686e6174637261))   ;; "arctanh"
              (i64.eq (local.get $word) (i64.const 0x686e6973)))  ;; "sinh"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x68736f63))   ;; "cosh"
              (i64.eq (local.get $word) (i64.const 0x746f707968)))  ;; "hypot"
    (then (return (i32.const 1))))
  (if (i32.or (i64.eq (local.get $word) (i64.const 0x707865646c))   ;; "ldexp"
              (i64.eq (local.get $word) (i64.const 0x7865646461676f6c)))  ;; "logaddex"
    (then (return (i32.const 1))))
  (i32.const 0))

;; A reduction puts one result at the place of its first operand: what that was is known before.
(func $set_flags_of_reduction
    (param $context i32) (param $before f64) (param $after f64) (param $at i32) (param $count i32)
    (param $stride i32)
  (local $type i32)
  (if (i32.or (call $is_finite (local.get $after)) (i32.eqz (call $is_finite (local.get $before))))
    (then (return)))
  (if (i32.eqz (call $raises (i32.load (local.get $context)))) (then (return)))
  (local.set $type (call $type_of (local.get $context) (i32.const 1)))
  (if (call $all_finite (local.get $at) (local.get $count) (local.get $stride) (local.get $type))
    (then (call $set_overflow)))
  (if (f64.eq (local.get $after) (local.get $after)) (then (return)))
  ;; One that is no number makes the result one; nothing is invalid then.
  (loop $numbers
    (if (f64.ne (call $number (local.get $at) (local.get $type))
                (call $number (local.get $at) (local.get $type)))
      (then (return)))
    (local.set $at (i32.add (local.get $at) (local.get $stride)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br_if $numbers (local.get $count)))
  (call $set_invalid))

;; The same for results each at a place of its own.
(func $set_flags_of_each
    (param $at i32) (param $stride i32) (param $type i32) (param $a i32) (param $a_stride i32)
    (param $a_type i32) (param $b i32) (param $b_stride i32) (param $b_type i32) (param $count i32)
  (local $result f64)
  (loop $results
    (local.set $result (call $number (local.get $at) (local.get $type)))
    (if (i32.eqz (call $is_finite (local.get $result)))
      (then (call $set_flags (local.get $result)
        (call $number (local.get $a) (local.get $a_type))
        (call $number (local.get $b) (local.get $b_type)))))
    (local.set $at (i32.add (local.get $at) (local.get $stride)))
    (local.set $a (i32.add (local.get $a) (local.get $a_stride)))
    (local.set $b (i32.add (local.get $b) (local.get $b_stride)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br_if $results (local.get $count))))

;; Copies an operand that results will be written over: 8 bytes of each element, or 4 of a float.
(func $copy_operand (param $to i32) (param $from i32) (param $stride i32) (param $size i32) (param $count i32)
  (if (i32.eq (local.get $stride) (local.get $size))
    (then
      (memory.copy (local.get $to) (local.get $from) (i32.mul (local.get $size) (local.get $count)))
      (return)))
  (loop $elements
    (if (i32.eq (local.get $size) (i32.const 8))
      (then (f64.store (local.get $to) (f64.load (local.get $from))))
      (else (f32.store (local.get $to) (f32.load (local.get $from)))))
    (local.set $to (i32.add (local.get $to) (local.get $size)))
    (local.set $from (i32.add (local.get $from) (local.get $stride)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br_if $elements (local.get $count))))

(func (export "generic_wrapped_legacy_loop")
    (param $context i32) (param $data i32) (param $sizes i32) (param $strides i32) (param $more i32)
    (result i32)
  (local $inputs i32) (local $outputs i32) (local $type i32) (local $left i32) (local $count i32)
  (local $frame i32) (local $operand i32) (local $at i32) (local $status i32) (local $a i32)
  (local $a_stride i32) (local $b i32) (local $b_stride i32) (local $before f64) (local $size i32)
  (local.set $inputs (i32.load offset=12 (i32.load offset=4 (local.get $context))))
  (local.set $outputs (i32.load offset=16 (i32.load offset=4 (local.get $context))))
  (block $plain
    (br_if $plain (i32.eqz (i32.load (local.get $context))))
    (br_if $plain (i32.load offset=64 (i32.load (local.get $context))))
    (br_if $plain (i32.gt_u (i32.sub (local.get $inputs) (i32.const 1)) (i32.const 1)))
    (br_if $plain (i32.gt_u (i32.sub (local.get $outputs) (i32.const 1)) (i32.const 1)))
    (local.set $type (call $type_of (local.get $context) (local.get $inputs)))
    (br_if $plain (i32.eqz (call $is_float (local.get $type))))
    (local.set $left (i32.load (local.get $sizes)))
    (br_if $plain (i32.le_s (local.get $left) (i32.const 0)))
    (local.set $at (call $entry (local.get $data) (local.get $inputs)))
    (if (i32.and (i32.gt_u (local.get $left) (i32.const 1))
                 (i32.eqz (call $entry (local.get $strides) (local.get $inputs))))
      (then
        (br_if $plain (i32.or (i32.ne (local.get $inputs) (i32.const 2))
                              (i32.ne (i32.load (local.get $data)) (local.get $at))))
        (local.set $before (call $number (local.get $at) (local.get $type)))
        (local.set $a (i32.load offset=4 (local.get $data)))
        (local.set $status (call $run_loop (local.get $context) (local.get $data)
          (local.get $sizes) (local.get $strides) (local.get $more)))
        (call $set_flags_of_reduction (local.get $context) (local.get $before)
          (call $number (local.get $at) (local.get $type)) (local.get $a) (local.get $left)
          (i32.load offset=4 (local.get $strides)))
        (return (local.get $status))))
    ;; As many at a time as stay in the processor's cache. The frame: four addresses, the count, a
    ;; number, and copies of two operands.
    (local.set $frame (i32.sub (global.get $stack) (i32.const 16416)))
    (global.set $stack (local.get $frame))
    (loop $operands
      (i32.store (i32.add (local.get $frame) (i32.shl (local.get $operand) (i32.const 2)))
                 (call $entry (local.get $data) (local.get $operand)))
      (local.set $operand (i32.add (local.get $operand) (i32.const 1)))
      (br_if $operands (i32.lt_u (local.get $operand)
                                 (i32.add (local.get $inputs) (local.get $outputs)))))
    (block $failed
      (loop $chunks
        (local.set $count (select (local.get $left) (i32.const 1024)
                                  (i32.lt_u (local.get $left) (i32.const 1024))))
        (i32.store offset=16 (local.get $frame) (local.get $count))
        ;; Where the operands are, or their copies.
        (local.set $operand (i32.const 0))
        (loop $sources
          (local.set $at (call $entry (local.get $frame) (local.get $operand)))
          (local.set $a_stride (call $entry (local.get $strides) (local.get $operand)))
          (if (i32.or (i32.eq (local.get $at) (call $entry (local.get $frame) (local.get $inputs)))
                      (i32.eq (local.get $at)
                        (call $entry (local.get $frame)
                          (i32.sub (i32.add (local.get $inputs) (local.get $outputs)) (i32.const 1)))))
            (then
              (local.set $size (select (i32.const 8) (i32.const 4)
                (i32.ne (call $type_of (local.get $context) (local.get $operand)) (i32.const 11))))
              (local.set $b (i32.add (i32.add (local.get $frame) (i32.const 32))
                                     (i32.shl (local.get $operand) (i32.const 13))))
              ;; The first of two (`x += y`) may be any finite number if all are.
              (local.set $type (call $type_of (local.get $context) (local.get $operand)))
              (block $have
                (br_if $have (i32.eqz (call $is_float (local.get $type))))
                (if (i32.gt_u (local.get $inputs) (i32.add (local.get $operand) (i32.const 1)))
                  (then
                    (if (call $all_finite (local.get $at) (local.get $count) (local.get $a_stride)
                                          (local.get $type))
                      (then
                        (local.set $b (i32.add (local.get $frame) (i32.const 24)))
                        (local.set $size (i32.const 0))
                        (if (i32.eq (local.get $type) (i32.const 12))
                          (then (f64.store (local.get $b) (f64.const 2)))
                          (else (f32.store (local.get $b) (f32.const 2))))
                        (br $have)))))
                (call $copy_operand (local.get $b) (local.get $at) (local.get $a_stride)
                  (local.get $size) (local.get $count)))
              (local.set $at (local.get $b))
              (local.set $a_stride (local.get $size))))
          ;; The first is kept, the second is the one in hand.
          (if (i32.eqz (local.get $operand))
            (then (local.set $a (local.get $at)) (local.set $b_stride (local.get $a_stride))))
          (local.set $operand (i32.add (local.get $operand) (i32.const 1)))
          (br_if $sources (i32.lt_u (local.get $operand) (local.get $inputs))))
        (local.set $b (local.get $at))
        (local.set $status (call $run_loop (local.get $context) (local.get $frame)
          (i32.add (local.get $frame) (i32.const 16)) (local.get $strides) (local.get $more)))
        (br_if $failed (i32.lt_s (local.get $status) (i32.const 0)))
        (loop $results
          (local.set $type (call $type_of (local.get $context) (local.get $operand)))
          (if (call $is_float (local.get $type))
            (then
              (local.set $at (call $entry (local.get $frame) (local.get $operand)))
              (if (i32.eqz (call $all_finite (local.get $at) (local.get $count)
                             (call $entry (local.get $strides) (local.get $operand)) (local.get $type)))
                (then
                  (if (call $raises (i32.load (local.get $context)))
                    (then (call $set_flags_of_each
                      (local.get $at) (call $entry (local.get $strides) (local.get $operand))
                      (local.get $type)
                      (local.get $a) (local.get $b_stride)
                      (call $type_of (local.get $context) (i32.const 0))
                      (local.get $b) (local.get $a_stride)
                      (call $type_of (local.get $context) (i32.sub (local.get $inputs) (i32.const 1)))
                      (local.get $count))))))))
          (local.set $operand (i32.add (local.get $operand) (i32.const 1)))
          (br_if $results (i32.lt_u (local.get $operand)
                                    (i32.add (local.get $inputs) (local.get $outputs)))))
        (local.set $left (i32.sub (local.get $left) (local.get $count)))
        ;; On to the next.
        (local.set $operand (i32.const 0))
        (loop $addresses
          (local.set $at (i32.add (local.get $frame) (i32.shl (local.get $operand) (i32.const 2))))
          (i32.store (local.get $at) (i32.add (i32.load (local.get $at))
            (i32.mul (local.get $count) (call $entry (local.get $strides) (local.get $operand)))))
          (local.set $operand (i32.add (local.get $operand) (i32.const 1)))
          (br_if $addresses (i32.lt_u (local.get $operand)
                                      (i32.add (local.get $inputs) (local.get $outputs)))))
        (br_if $chunks (local.get $left))))
    (global.set $stack (i32.add (local.get $frame) (i32.const 16416)))
    (return (local.get $status)))
  (call $run_loop (local.get $context) (local.get $data) (local.get $sizes) (local.get $strides)
    (local.get $more)))

;; Scalars

;; What numpy asks once it has the result of two scalars: nothing is raised yet, and all flags say
;; that it is not finite.
(func (export "double_add: call npy_get_floatstatus_barrier, 1 of 1")
      (export "double_subtract: call npy_get_floatstatus_barrier, 1 of 1")
      (export "double_multiply: call npy_get_floatstatus_barrier, 1 of 1")
      (export "double_true_divide: call npy_get_floatstatus_barrier, 1 of 1")
      (export "double_floor_divide: call npy_get_floatstatus_barrier, 1 of 1")
      (export "double_remainder: call npy_get_floatstatus_barrier, 1 of 1")
      (export "double_power: call npy_get_floatstatus_barrier, 1 of 1")
      (export "longlong_true_divide: call npy_get_floatstatus_barrier, 1 of 1")
      (export "int_true_divide: call npy_get_floatstatus_barrier, 1 of 1")
    (param $result i32) (result i32)
  (call $mark (f64.load (local.get $result))))

(func (export "float_subtract: call npy_get_floatstatus_barrier, 1 of 1")
      (export "float_multiply: call npy_get_floatstatus_barrier, 1 of 1")
      (export "float_true_divide: call npy_get_floatstatus_barrier, 1 of 1")
      (export "float_floor_divide: call npy_get_floatstatus_barrier, 1 of 1")
      (export "float_remainder: call npy_get_floatstatus_barrier, 1 of 1")
      (export "float_power: call npy_get_floatstatus_barrier, 1 of 1")
    (param $result i32) (result i32)
  (call $mark (f64.promote_f32 (f32.load (local.get $result)))))

(func $mark (param $result f64) (result i32)
  (if (call $is_finite (local.get $result)) (then (return (call $flags))))
  (call $set_divided) (call $set_overflow) (call $set_invalid)
  (i32.const 0))

;; Gives the result of two scalars on, or null if the warning that it needs is an error. The name is
;; of at most 16 letters.
(func $scalar_result
    (param $result i32) (param $left i32) (param $right i32) (param $name i64) (param $rest i64)
    (result i32)
  (local $frame i32) (local $at f64) (local $status i32)
  (if (i32.or (i32.eqz (local.get $result))
              ;; divided by zero, overflow, invalid
              (i32.ne (call $flags) (i32.const 11)))
    (then (return (local.get $result))))
  (drop (call $clear_flags))
  ;; float64, and else float32
  (local.set $at (call $number (i32.add (local.get $result) (i32.const 8))
    (select (i32.const 12) (i32.const 11)
      (i32.eq (i32.load offset=4 (local.get $result)) (i32.const 26437348)))))
  (call $set_flags (local.get $at) (call $as_double (local.get $left)) (call $as_double (local.get $right)))
  (call $clear_error)
  (if (i32.eqz (call $flags)) (then (return (local.get $result))))
  (local.set $frame (i32.sub (global.get $stack) (i32.const 32)))
  (global.set $stack (local.get $frame))
  (i64.store (local.get $frame) (i64.const 0x2072616c616373))  ;; "scalar "
  (i64.store offset=7 (local.get $frame) (local.get $name))
  (i64.store offset=15 (local.get $frame) (local.get $rest))
  (i32.store8 offset=23 (local.get $frame) (i32.const 0))
  (local.set $status (call $warn (local.get $frame) (call $flags)))
  (global.set $stack (i32.add (local.get $frame) (i32.const 32)))
  (if (i32.ge_s (local.get $status) (i32.const 0)) (then (return (local.get $result))))
  (call $release (local.get $result))
  (i32.const 0))

(func (export "double_add") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $double_add (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x646461) (i64.const 0)))  ;; "add"
(func (export "double_subtract") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $double_subtract (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x7463617274627573) (i64.const 0)))  ;; "subtract"
(func (export "double_multiply") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $double_multiply (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x796c7069746c756d) (i64.const 0)))  ;; "multiply"
(func (export "double_true_divide") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $double_true_divide (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x656469766964) (i64.const 0)))  ;; "divide"
(func (export "double_floor_divide") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $double_floor_divide (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x69645f726f6f6c66) (i64.const 0x65646976)))  ;; "floor_divide"
(func (export "double_remainder") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $double_remainder (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x65646e69616d6572) (i64.const 0x72)))  ;; "remainder"
(func (export "double_power") (param $left i32) (param $right i32) (param $modulus i32) (result i32)
  (call $scalar_result (call $double_power (local.get $left) (local.get $right) (local.get $modulus))
    (local.get $left) (local.get $right) (i64.const 0x7265776f70) (i64.const 0)))  ;; "power"
(func (export "float_subtract") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $float_subtract (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x7463617274627573) (i64.const 0)))  ;; "subtract"
(func (export "float_multiply") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $float_multiply (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x796c7069746c756d) (i64.const 0)))  ;; "multiply"
(func (export "float_true_divide") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $float_true_divide (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x656469766964) (i64.const 0)))  ;; "divide"
(func (export "float_floor_divide") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $float_floor_divide (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x69645f726f6f6c66) (i64.const 0x65646976)))  ;; "floor_divide"
(func (export "float_remainder") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $float_remainder (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x65646e69616d6572) (i64.const 0x72)))  ;; "remainder"
(func (export "float_power") (param $left i32) (param $right i32) (param $modulus i32) (result i32)
  (call $scalar_result (call $float_power (local.get $left) (local.get $right) (local.get $modulus))
    (local.get $left) (local.get $right) (i64.const 0x7265776f70) (i64.const 0)))  ;; "power"
(func (export "longlong_true_divide") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $longlong_true_divide (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x656469766964) (i64.const 0)))  ;; "divide"
(func (export "int_true_divide") (param $left i32) (param $right i32) (result i32)
  (call $scalar_result (call $int_true_divide (local.get $left) (local.get $right))
    (local.get $left) (local.get $right) (i64.const 0x656469766964) (i64.const 0)))  ;; "divide"
