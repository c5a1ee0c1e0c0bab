-- bpfdiag in Neovim 0.7 to 0.10. Save this file as
-- ~/.config/nvim/plugin/bpfdiag.lua; nothing else is needed.
--
-- It works beside other language servers. :BpfdiagFix offers fixes,
-- :BpfdiagMessage shows all of a message, :BpfdiagKnown what the verifier knows of
-- the variable under the cursor, :BpfdiagLens does what the code lens offers.
local settings = {
  bpfdiag = {
    -- kernels = { '6.12', '6.1' },
    -- verify = 'save', -- in place of while typing
  },
}
local root_markers = { '.bpfdiag.toml', 'compile_commands.json', '.git' }

-- The project's folder: the nearest one above a file with a marker, or its own.
local function root_of(file)
  local own = vim.fn.fnamemodify(file, ':p:h')
  local folder = own
  while true do
    for _, marker in ipairs(root_markers) do
      if vim.loop.fs_stat(folder .. '/' .. marker) then return folder end
    end
    local above = vim.fn.fnamemodify(folder, ':h')
    if above == folder then return own end
    folder = above
  end
end

local function on_attach(client, buffer)
  local command = function(name, f) vim.api.nvim_buf_create_user_command(buffer, name, function() f() end, {}) end
  command('BpfdiagFix', vim.lsp.buf.code_action)
  command('BpfdiagMessage', vim.diagnostic.open_float)
  command('BpfdiagKnown', vim.lsp.buf.hover)
  command('BpfdiagLens', vim.lsp.codelens.run)
  vim.api.nvim_create_autocmd({ 'BufEnter', 'InsertLeave' }, { buffer = buffer, callback = vim.lsp.codelens.refresh })
  -- The first line of a message behind the code; :BpfdiagMessage has the rest.
  vim.diagnostic.config({
    virtual_text = { format = function(d) return (d.message:match('^[^\n]*')) end },
  }, vim.lsp.diagnostic.get_namespace(client.id))
end

local capabilities = vim.lsp.protocol.make_client_capabilities()
capabilities.workspace.codeLens = { refreshSupport = true }
local handlers = {
  -- The server says when there are new verdicts.
  ['workspace/codeLens/refresh'] = function()
    vim.schedule(vim.lsp.codelens.refresh)
    return vim.NIL
  end,
}

local clients = {} -- by the project's folder
vim.api.nvim_create_autocmd('FileType', {
  pattern = { 'c', 'cpp', 'rust' },
  callback = function(event)
    local root = root_of(event.file)
    local id = clients[root]
    if not (id and vim.lsp.get_client_by_id(id)) then
      id = vim.lsp.start_client({
        name = 'bpfdiag', cmd = { 'bpfdiag', 'lsp' }, root_dir = root, settings = settings,
        on_attach = on_attach, capabilities = capabilities, handlers = handlers,
      })
      clients[root] = id
    end
    if id then vim.lsp.buf_attach_client(event.buf, id) end
  end,
})
