// The jobs, as Job DSL. Settings are read here: an expression in braces would be taken for one of the
// configuration's own variables.
def setting = { name ->
    def value = System.getenv(name)
    if (!value) {
        throw new IllegalStateException('the setting ' + name + ' is missing or empty')
    }
    value
}

pipelineJob('microblog') {
    description('Checks and tests every commit.')
    definition {
        cpsScm {
            scm {
                git {
                    remote {
                        url(setting('PIPELINE_REPOSITORY_URL'))
                    }
                    branch(setting('PIPELINE_BRANCH'))
                }
            }
            scriptPath('jenkins/Jenkinsfile')
            lightweight(true)
        }
    }
}
