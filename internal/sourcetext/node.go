package sourcetext

// NodeKind says what an expression is.
type NodeKind uint8

// The kinds of expressions. Operands of a Node are, in this order: the base
// of Member, Unary, Postfix, Cast and Group; base and index of Index; callee
// and arguments of Call; both sides of Binary and Assign; the three parts of
// Conditional; the initial value of Declarator, if it has one.
const (
	Name NodeKind = iota + 1
	Literal
	Call
	Index
	Member
	Unary
	Postfix
	Binary
	Assign
	Conditional
	Cast
	Group
	List       // { ... } that is no block
	Block      // { ... } with statements, as an expression
	Declarator // `name = value` of a declaration
)

// Node is an expression.
type Node struct {
	Kind NodeKind
	Span
	Operands []*Node
	// Operator is the text of Unary, Postfix, Binary and Assign, the member of Member.
	Operator string

	anchor int // the token that debug information points at
	first  int // its first token
	stmts  []*Stmt
}

// StmtKind says what a statement is.
type StmtKind uint8

// The kinds of statements.
const (
	ExprStmt StmtKind = iota + 1
	DeclStmt
	IfStmt
	LoopStmt
	SwitchStmt
	ReturnStmt
	JumpStmt  // break, continue, goto
	LabelStmt // a label, `case x:`, the pattern of a match arm
	BlockStmt
)

// Stmt is a statement.
type Stmt struct {
	Kind StmtKind
	Span
	// Head is `if (...)`, `for (...)`: keyword to closing parenthesis; empty
	// for what has none.
	Head  Span
	Exprs []*Node // in it, without those of Body
	Body  []*Stmt
	// Parent is the statement around it, nil in a function's body.
	Parent *Stmt
	// Bare says that it is the body of an if, else or loop without braces:
	// a statement in front of it needs them.
	Bare bool

	first, last int // tokens
}
