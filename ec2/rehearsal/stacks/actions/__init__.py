"""The actions of CloudFormation's API: each takes the engine and a request and gives the answer."""
