;; Answers at a place that is not in its memory.

(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (return (i32.const 0x7ffffffc))))
    (call $validate (local.get $request)))
