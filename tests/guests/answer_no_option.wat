;; Answers with an option that is neither there nor absent.

(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (i32.store8 (i32.const 1960) (i32.const 2))
        (return (i32.const 1952))))
    (call $validate (local.get $request)))
