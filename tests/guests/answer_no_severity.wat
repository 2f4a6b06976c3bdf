;; Answers with a finding of a severity that is none of the contract's cases.

(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
;; One finding, whose texts are empty.
(data (i32.const 2048) (i32 77))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (i32.store (i32.const 1952) (i32.const 2048))
        (i32.store (i32.const 1956) (i32.const 1))
        (return (i32.const 1952))))
    (call $validate (local.get $request)))
