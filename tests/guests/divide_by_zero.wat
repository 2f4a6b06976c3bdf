;; Divides by zero.

(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (drop (i32.div_u (i32.const 1) (i32.const 0)))))
    (call $validate (local.get $request)))
