;; Gives the host a place for its configuration that is not in the memory.

(memory (export "memory") 2)
(export "patchpanel:connector/connector@1.0.0#validate" (func $validate))
(func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.and (i32.eq (local.get $align) (i32.const 1)) (i32.gt_u (local.get $size) (i32.const 60)))
        (then (return (i32.const 0x7fffffff))))
    (call $realloc (local.get $old) (local.get $old-size) (local.get $align) (local.get $size)))
