;; SPDX-License-Identifier: Apache-2.0
;; A patch of python.wasm (skerry/engine/wasmtime/src/patch/mod.rs says how it is written), in files that
;; follow each other: what it calls (this one), integers.wat, floats.wat, errors.wat, databases.wat,
;; times.wat.
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
;;   part of a subscript (12 bytes)  object 0, value 4, type 8
;;   ufunc           nin 8, nargs 16, ntypes 32, name 40, types 44, core_enabled 64
;;   array method    nin 12, nout 16
;;   its context     caller 0, method 4, descriptors 8
;;   scalar          value 8

(import "guest" "memory" (memory 0))
(import "guest" "PyThreadState_GetUnchecked" (func $thread_state (result i32)))
(import "guest" "_Py_Dealloc" (func $dealloc (param i32)))
(import "guest" "PyTuple_Size" (func $tuple_size (param i32) (result i32)))
(import "guest" "PyTuple_GetItem" (func $tuple_get (param i32 i32) (result i32)))
(import "guest" "PyTuple_SetItem" (func $tuple_set (param i32 i32 i32) (result i32)))
(import "guest" "PyArray_DescrFromType" (func $descr (param i32) (result i32)))
(import "guest" "PyArray_CastToType" (func $cast (param i32 i32 i32) (result i32)))
(import "guest" "PyArray_Scalar" (func $scalar (param i32 i32 i32) (result i32)))
(import "guest" "PyErr_Format" (func $set_error (param i32 i32 i32) (result i32)))
(import "guest" "PyDict_GetItemWithError" (func $dict_get (param i32 i32) (result i32)))
(import "guest" "PyLong_FromLong" (func $new_long (param i32) (result i32)))
(import "guest" "strerror" (func $strerror (param i32) (result i32)))
(import "guest" "__stack_pointer" (global $stack (mut i32)))
(import "guest" "calloc" (func $calloc (param i32 i32) (result i32)))
(import "guest" "realloc" (func $realloc (param i32 i32) (result i32)))
(import "guest" "free" (func $free (param i32)))
(import "guest" "host_door_call" (func $ask_host (param i32 i32 i32 i32) (result i32)))
(import "element" "shm_map" (global $shm_map i32))
(import "element" "shm_lock" (global $shm_lock i32))
(import "element" "shm_barrier" (global $shm_barrier i32))
(import "element" "shm_unmap" (global $shm_unmap i32))
(import "guest" "PyArray_CanCastArrayTo" (func $can_cast (param i32 i32 i32) (result i32)))
(import "guest" "PyArray_Return" (func $return (param i32) (result i32)))
(import "guest" "PyArray_Nonzero" (func $nonzero (param i32) (result i32)))
(import "guest" "PyLong_AsLongAndOverflow" (func $as_long (param i32 i32) (result i32)))
(import "original" "PyErr_SetFromErrnoWithFilenameObjects"
  (func $set_from_errno (param i32 i32 i32) (result i32)))
(import "original" "__wasilibc_find_relpath"
  (func $find_path (param i32 i32 i32 i32) (result i32)))
(import "original" "__wasilibc_find_relpath_alloc"
  (func $find_path_alloc (param i32 i32 i32 i32 i32) (result i32)))
(import "guest" "PyErr_Clear" (func $clear_error))
(import "guest" "PyFloat_AsDouble" (func $as_double (param i32) (result f64)))
(import "guest" "npy_clear_floatstatus" (func $clear_flags (result i32)))
(import "guest" "npy_get_floatstatus" (func $flags (result i32)))
(import "guest" "npy_set_floatstatus_divbyzero" (func $set_divided))
(import "guest" "npy_set_floatstatus_overflow" (func $set_overflow))
(import "guest" "npy_set_floatstatus_invalid" (func $set_invalid))
(import "guest" "PyUFunc_GiveFloatingpointErrors" (func $warn (param i32 i32) (result i32)))
(import "original" "generic_wrapped_legacy_loop"
  (func $run_loop (param i32 i32 i32 i32 i32) (result i32)))
(import "original" "double_add" (func $double_add (param i32 i32) (result i32)))
(import "original" "double_subtract" (func $double_subtract (param i32 i32) (result i32)))
(import "original" "double_multiply" (func $double_multiply (param i32 i32) (result i32)))
(import "original" "double_true_divide" (func $double_true_divide (param i32 i32) (result i32)))
(import "original" "double_floor_divide" (func $double_floor_divide (param i32 i32) (result i32)))
(import "original" "double_remainder" (func $double_remainder (param i32 i32) (result i32)))
(import "original" "double_power" (func $double_power (param i32 i32 i32) (result i32)))
(import "original" "float_subtract" (func $float_subtract (param i32 i32) (result i32)))
(import "original" "float_multiply" (func $float_multiply (param i32 i32) (result i32)))
(import "original" "float_true_divide" (func $float_true_divide (param i32 i32) (result i32)))
(import "original" "float_floor_divide" (func $float_floor_divide (param i32 i32) (result i32)))
(import "original" "float_remainder" (func $float_remainder (param i32 i32) (result i32)))
(import "original" "float_power" (func $float_power (param i32 i32 i32) (result i32)))
(import "original" "longlong_true_divide" (func $longlong_true_divide (param i32 i32) (result i32)))
(import "original" "int_true_divide" (func $int_true_divide (param i32 i32) (result i32)))
(import "original" "fcntl" (func $fcntl (param i32 i32 i32) (result i32)))
(import "original" "__secs_to_zone" (func $utc (param i64 i32 i32 i32 i32 i32)))
(import "original" "int_common_dtype" (func $common (param i32 i32) (result i32)))
(import "original" "convert_ufunc_arguments"
  (func $ufunc_arguments (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (result i32)))
(import "original" "prepare_index_noarray"
  (func $prepare_index (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
(import "original" "__pyx_pw_5numpy_6random_6mtrand_11RandomState_35choice"
  (func $choice (param i32 i32 i32 i32) (result i32)))
(import "original" "__pyx_pw_5numpy_6random_6mtrand_11RandomState_87binomial"
  (func $binomial (param i32 i32 i32 i32) (result i32)))
(import "original" "__pyx_pw_5numpy_6random_6mtrand_11RandomState_103multinomial"
  (func $multinomial (param i32 i32 i32 i32) (result i32)))
(import "original" "__pyx_pw_5numpy_6random_6mtrand_11RandomState_109permutation"
  (func $permutation (param i32 i32 i32 i32) (result i32)))
(import "original" "astype_anyint" (func $any_integers (param i32) (result i32)))
(import "original" "array_nonzero" (func $array_nonzero (param i32 i32) (result i32)))
(import "original" "arr_bincount" (func $bincount (param i32 i32 i32 i32) (result i32)))
(import "original" "_convert_from_str" (func $from_str (param i32 i32) (result i32)))
