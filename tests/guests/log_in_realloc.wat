;; Calls the host while the host asks for memory, which is not allowed then.

(memory (export "memory") 2)
(export "patchpanel:connector/connector@1.0.0#validate" (func $validate))
(func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.and (i32.eq (local.get $align) (i32.const 1)) (i32.gt_u (local.get $size) (i32.const 60)))
        (then (call $log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 520) (i32.const 4))))
    (call $realloc (local.get $old) (local.get $old-size) (local.get $align) (local.get $size)))
