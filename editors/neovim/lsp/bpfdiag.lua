-- bpfdiag in Neovim 0.11 or newer. Save this file as
-- ~/.config/nvim/lsp/bpfdiag.lua, and have init.lua say
--
--   vim.lsp.enable('bpfdiag')
--
-- It works beside clangd and rust-analyzer. Fixes are under gra, what the
-- verifier knows of a variable under K, commands of a code lens under grx.
return {
  cmd = { 'bpfdiag', 'lsp' },
  filetypes = { 'c', 'cpp', 'rust' },
  root_markers = { '.bpfdiag.toml', 'compile_commands.json', '.git' },
  settings = {
    bpfdiag = {
      -- kernels = { '6.12', '6.1' },
      -- verify = 'save', -- in place of while typing
    },
  },
  on_attach = function(client, buffer)
    vim.lsp.inlay_hint.enable(true, { bufnr = buffer })
    if vim.lsp.codelens.enable then -- Neovim 0.12
      vim.lsp.codelens.enable(true, { bufnr = buffer })
    else
      vim.api.nvim_create_autocmd({ 'BufEnter', 'CursorHold', 'InsertLeave', 'DiagnosticChanged' }, {
        buffer = buffer,
        callback = function() vim.lsp.codelens.refresh({ bufnr = buffer }) end,
      })
    end
    -- The first line of a message behind the code; the rest is in the window that
    -- <C-W>d opens.
    vim.diagnostic.config({
      virtual_text = { format = function(d) return (d.message:match('^[^\n]*')) end },
    }, vim.lsp.diagnostic.get_namespace(client.id))
  end,
}
