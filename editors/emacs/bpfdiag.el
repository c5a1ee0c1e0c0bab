;;; bpfdiag.el --- The kernel verifier's words in Emacs  -*- lexical-binding: t; -*-

;; For Emacs 28 with eglot from Debian's elpa-eglot or GNU ELPA, or Emacs 29 or
;; newer.  Copy this into your init file.
;;
;; Eglot has one server for a kind of file, so programs for eBPF, which are
;; called NAME.bpf.c, become a kind of their own: bpfdiag serves them, and your
;; other C files go on with what you have for C.

(require 'eglot)

(define-derived-mode bpf-c-mode c-mode "BPF"
  "C for eBPF, with the kernel's verifier.")
(put 'bpf-c-mode 'eglot-language-id "c")
(add-to-list 'auto-mode-alist '("\\.bpf\\.c\\'" . bpf-c-mode))

(add-to-list 'eglot-server-programs '(bpf-c-mode . ("bpfdiag" "lsp")))
(add-hook 'bpf-c-mode-hook #'eglot-ensure)

;; C-c v f: make a fix.  C-c v l: all messages of the file.  C-c v k: what the
;; verifier knows of the variable at point.  C-c v n: the next error.
(let ((map (make-sparse-keymap)))
  (define-key map "f" #'eglot-code-actions)
  (define-key map "l" #'flymake-show-buffer-diagnostics)
  (define-key map "k" #'eldoc-doc-buffer)
  (define-key map "n" #'flymake-goto-next-error)
  (define-key bpf-c-mode-map (kbd "C-c v") map))

;; Settings, for all projects; a project's own are in its .bpfdiag.toml.
;; (setq-default eglot-workspace-configuration
;;               '((:bpfdiag . (:kernels ["6.12" "6.1"] :verify "save"))))
