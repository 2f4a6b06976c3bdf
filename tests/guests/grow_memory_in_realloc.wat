;; Takes all the memory that there is while the host asks for some, and gives it none.

(memory (export "memory") 2)
(export "patchpanel:connector/connector@1.0.0#validate" (func $validate))
(func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.and (i32.eq (local.get $align) (i32.const 1)) (i32.gt_u (local.get $size) (i32.const 60)))
        (then 
            (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
            (return (i32.const -1))))
    (call $realloc (local.get $old) (local.get $old-size) (local.get $align) (local.get $size)))
