// The Jenkinsfile's tree as JSON, as Groovy parses it and before it asks what a name means: usage: tree.groovy FILE
import groovy.json.JsonOutput
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.ast.builder.AstBuilder
import org.codehaus.groovy.control.CompilePhase

// A call as [name, line, words, body]: what is in its closure is its body, everything else its words.
def node
node = { expression ->
    if (expression instanceof MethodCallExpression) {
        def given = expression.arguments instanceof TupleExpression ? expression.arguments.expressions : [expression.arguments]
        def closures = given.findAll { it instanceof ClosureExpression }
        return [
            name: expression.methodAsString, line: expression.lineNumber,
            words: (given - closures).collect { it.text },
            quoted: (given - closures).every { !(it instanceof GStringExpression) },
            named: (given - closures).collectMany { it instanceof MapExpression ? it.mapEntryExpressions*.keyExpression*.text : [] },
            body: closures.collectMany { closure -> closure.code.statements.collect { node(it.expression) } },
        ]
    }
    if (expression instanceof BinaryExpression) {
        return [name: expression.leftExpression.text, line: expression.lineNumber, words: [expression.text], quoted: true, named: [], body: []]
    }
    [name: null, line: expression.lineNumber, words: [expression.text], quoted: true, named: [], body: []]
}

def parsed = new AstBuilder().buildFromString(CompilePhase.CONVERSION, false, new File(args[0]).text)
println JsonOutput.toJson(parsed[0].statements.collect { node(it.expression) })
