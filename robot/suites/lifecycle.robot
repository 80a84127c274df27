*** Settings ***
Documentation     The life of a contract: each step is taken in one system and looked for in the other.
...               `cci task run robot --org twin` with CLMKIT_RUN naming the folder of a running `clmkit demo`.
Library           clmkit.robotlib.Lifecycle
Resource          cumulusci/robotframework/Salesforce.robot
Resource          ../../force-app/generated/support/robot/contract.resource

*** Test Cases ***
An Agreement Lives From Draft To Termination
    [Documentation]    create -> negotiate -> approve -> sign -> activate -> amend -> renew -> terminate
    ${agreement}=    Create Agreement    Master Services Agreement
    Sync
    Contract Should Stand At Draft    ${agreement}
    Move Contract To Negotiation    ${agreement}
    Sync
    Contract Should Stand At Negotiation    ${agreement}
    Move Contract To Approval    ${agreement}
    Approve Agreement    ${agreement}
    Sync
    Contract Should Stand At Approval    ${agreement}
    Sign Agreement    ${agreement}
    Sync
    Contract Should Stand At Executed    ${agreement}
    Move Contract To Active    ${agreement}
    Sync
    Contract Should Stand At Active    ${agreement}
    Amend Agreement    ${agreement}    More seats    150000.00
    Sync
    Contract Field Should Be    ${agreement}    CLM_Total_Value__c    150000.00
    Renew Agreement    ${agreement}    2028-11-30
    Sync
    Contract Field Should Be    ${agreement}    EndDate    2028-11-30
    Terminate Agreement    ${agreement}    2027-06-30
    Sync
    Contract Should Stand At Terminated    ${agreement}
    Contract Field Should Be    ${agreement}    EndDate    2027-06-30

A New Owner In Salesforce Becomes The Business Owner In The CLM
    ${agreement}=    Create Agreement    Order Form
    Sync
    &{user}=    Get Owner    owner1@contracts.example
    Change Contract    ${agreement}    OwnerId    ${user}[Id]
    Sync
    Agreement Field Should Be    ${agreement}    business_owner.email    owner1@contracts.example
    Sync Should Change Nothing

A Primary Contact Chosen In Salesforce Reaches The CLM
    ${agreement}=    Create Agreement    Statement of Work
    Sync
    ${account}=    Find Account
    VAR    ${contact}    ${account}[Contacts][records][0]
    Change Contract    ${agreement}    CustomerSignedId    ${contact}[Id]
    Sync
    Agreement Field Should Be    ${agreement}    counterparty.contact.email    ${contact}[Email]
    Sync Should Change Nothing

An Illegal Move Is Refused And Salesforce Does Not Move
    ${agreement}=    Create Agreement    Non-disclosure Agreement
    Sync
    Moving Should Be Refused    ${agreement}    ACTIVE
    ...    illegal_transition: ${agreement} cannot move DRAFT -> ACTIVE: DRAFT may become NEGOTIATION, CANCELLED.
    Sync
    Contract Should Stand At Draft    ${agreement}

A Sync Without News Writes Nothing
    ${agreement}=    Create Agreement    Purchase Agreement
    Sync
    ${before}=    Find Contract    ${agreement}
    Sync Should Change Nothing
    ${after}=    Find Contract    ${agreement}
    Should Be Equal    ${before}    ${after}

*** Keywords ***
Get Owner
    [Arguments]    ${username}
    @{users}=    Salesforce Query    User    select=Id,Email    Username=${username}
    RETURN    ${users}[0]
