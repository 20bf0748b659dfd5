// The jobs, as Job DSL. Settings are read here: an expression in braces would be taken for one of the
// configuration's own variables.
def setting = { name ->
    def value = System.getenv(name)
    if (!value) {
        throw new IllegalStateException('the setting ' + name + ' is missing or empty')
    }
    value
}

def deployment = setting('JENKINS_DEPLOYMENT')
if (!(deployment in ['none', 'approved', 'automatic'])) {
    throw new IllegalStateException('the setting JENKINS_DEPLOYMENT is ' + deployment + ': none, approved or automatic')
}

def repository = setting('PIPELINE_REPOSITORY_URL')
def bySsh = !(repository ==~ 'https?://.*')

multibranchPipelineJob('microblog') {
    description('Builds, tests and scans every branch; deploys main.')
    branchSources {
        git {
            // Another id is another source, and every branch would be built anew.
            id('microblog')
            remote(repository)
            if (bySsh) {
                credentialsId('git')
            }
        }
    }
    factory {
        workflowBranchProjectFactory {
            scriptPath('jenkins/Jenkinsfile')
        }
    }
    triggers {
        periodicFolderTrigger {
            interval('5m')
        }
    }
    orphanedItemStrategy {
        discardOldItems {
            numToKeep(20)
        }
    }
}

pipelineJob('nightly') {
    description('Fetches advisories and looks at main with them.')
    // The Jenkinsfile has it, too, but nobody reads that before the first night.
    properties {
        pipelineTriggers {
            triggers {
                cron {
                    spec('H 2 * * *')
                }
            }
        }
    }
    definition {
        cpsScm {
            scm {
                git {
                    remote {
                        url(repository)
                        if (bySsh) {
                            credentials('git')
                        }
                    }
                    branch(setting('PIPELINE_BRANCH'))
                }
            }
            scriptPath('jenkins/nightly.Jenkinsfile')
            lightweight(true)
        }
    }
}
